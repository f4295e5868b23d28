// Where unit tests run: in Node, with the Svelte that runs in browsers, so that
// what is derived lives and ends in them as it does in the page.
export default { name: 'page', viteEnvironment: 'client', setup: () => ({ teardown() {} }) };
