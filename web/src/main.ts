import { mount } from 'svelte'
import App from './App.svelte'
import './styles/tokens.css'
import './styles/base.css'

const target = document.getElementById('portal')
if (!target) throw new Error('the page has no place for the portal')
mount(App, { target })
