import './app.css';

import { mount } from 'svelte';

import App from './App.svelte';
import { dir, lang } from './lib/i18n';

document.documentElement.lang = lang;
document.documentElement.dir = dir;
const target = document.getElementById('app');
if (!target) throw new Error('index.html has no #app');
mount(App, { target });
