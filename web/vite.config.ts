import { svelte } from '@sveltejs/vite-plugin-svelte'
import { join } from 'node:path'
import { defineConfig, type Plugin } from 'vite'
import { compressed } from './dev/compressed.ts'
import { stubApi } from './dev/serve-stub.ts'

/** While developing every path is served from the root; in production the function `web` writes the base for each answer. */
const rootAsBase = (): Plugin => ({
  name: 'root-as-base',
  apply: 'serve',
  transformIndexHtml: (html) => html.replace('<base href="./" />', '<base href="/" />'),
})

const here = import.meta.dirname

// Vite asks for a default export.
export default defineConfig({
  root: here,
  base: './',
  plugins: [svelte(), rootAsBase(), stubApi(), compressed()],
  build: {
    outDir: join(here, '../dist/web/public'),
    emptyOutDir: true,
    target: 'es2022',
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
  },
  server: { host: '127.0.0.1' },
})
