// Before the first paint: what a person chose, else what the system prefers. A file of its own, since no inline script is allowed.
;(function () {
  var chosen = null
  try {
    chosen = localStorage.getItem('autoreduction.theme')
  } catch {
    // Storage is forbidden: follow the system.
  }
  var dark = chosen === 'dark' || (chosen !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches)
  document.documentElement.dataset.theme = dark ? 'dark' : 'light'
})()
