/** The address of the screen that is shown. A few lines instead of a router. */
class Route {
	path = $state(location.pathname);

	/** The last part of the address, which names one of its kind: the "zwave-5" of "/devices/zwave-5". */
	get id(): string {
		return decodeURIComponent(this.path.slice(this.path.lastIndexOf('/') + 1));
	}

	constructor() {
		addEventListener('popstate', () => (this.path = location.pathname));
		// Links stay plain links; only a plain click on one of ours is taken.
		document.addEventListener('click', (e) => {
			if (e.defaultPrevented || e.button !== 0 || e.metaKey || e.ctrlKey || e.shiftKey || e.altKey) return;
			const a = (e.target as Element | null)?.closest('a');
			if (!a || a.target || a.hasAttribute('download') || a.origin !== location.origin) return;
			if (a.pathname.startsWith('/api/') || a.pathname.includes('.') || (a.hash && a.pathname === location.pathname))
				return;
			e.preventDefault();
			this.go(a.pathname);
		});
	}

	go(path: string, { replace = false } = {}): void {
		if (path === this.path) return;
		history[replace ? 'replaceState' : 'pushState'](null, '', path);
		this.path = path;
		scrollTo(0, 0);
	}
}

export const route = new Route();
