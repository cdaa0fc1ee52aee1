#!/bin/sh
# Step 0 of every make target: what must be there before anything of ours can run. POSIX sh, run from the project's root.
set -eu

fail() {
  printf '%s\n' "$1" >&2
  exit 1
}

has() {
  command -v "$1" >/dev/null 2>&1
}

has git || fail 'git is missing: install it (Debian: apt-get install git).'
has node || fail 'Node is missing: install Node 20 or later, with npm (https://nodejs.org).'
has npm || fail 'npm is missing: install it together with Node 20 or later (https://nodejs.org).'
major=$(node -p 'process.versions.node.split(".")[0]')
[ "$major" -ge 20 ] || fail "Node $major is too old: install Node 20 or later (https://nodejs.org)."

newest_python=''
for python in python3 /usr/bin/python3 python3.13 python3.12 python3.11 python3.10 python3.9; do
  if has "$python" && "$python" -c 'import sys; sys.exit(sys.version_info < (3, 9))' 2>/dev/null; then
    newest_python=$python
    break
  fi
done
[ -n "$newest_python" ] || fail 'Python 3.9 or later is missing: install it (Debian: apt-get install python3).'

# The stamp lies inside node_modules: npm removes it before it changes anything, so an interrupted install leaves none.
wanted=$(cksum <package-lock.json)
stamp=node_modules/.installed-from
is_installed() {
  [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ]
}
# Our Node 24 comes as a package (Linux on x64); elsewhere the machine's own has to do.
assert_node_24() {
  [ -x node_modules/.bin/node ] && return 0
  [ "$major" -ge 24 ] || fail "There is no packaged Node 24 for this machine, and its own is $major: install Node 24 (https://nodejs.org)."
}
if is_installed; then
  assert_node_24
  exit 0
fi

# Two at once would take the folder from under each other.
if has flock; then
  exec 9<package-lock.json
  flock 9
fi
if is_installed; then
  assert_node_24
  exit 0
fi
printf '%s\n' 'Installing packages (npm ci), about a minute ...'
npm ci --no-audit --no-fund --loglevel=error
printf '%s' "$wanted" >"$stamp"
assert_node_24
