/** The address of the screen that is shown. A few lines instead of a router. */
class Route {
	path = $state(location.pathname);
	/** What stands behind the #: "t=7.5" is a place in a clip. */
	hash = $state(location.hash.slice(1));

	/** The last part of the address, which names one of its kind: the "zwave-5" of "/devices/zwave-5". */
	get id(): string {
		return decodeURIComponent(this.path.slice(this.path.lastIndexOf('/') + 1));
	}

	constructor() {
		addEventListener('popstate', () => {
			this.path = location.pathname;
			this.hash = location.hash.slice(1);
		});
		// Links stay plain links; only a plain click on one of ours is taken.
		document.addEventListener('click', (e) => {
			if (e.defaultPrevented || e.button !== 0 || e.metaKey || e.ctrlKey || e.shiftKey || e.altKey) return;
			const a = (e.target as Element | null)?.closest('a');
			if (!a || a.target || a.hasAttribute('download') || a.origin !== location.origin) return;
			if (a.pathname.startsWith('/api/') || a.pathname.includes('.') || (a.hash && a.pathname === location.pathname))
				return;
			e.preventDefault();
			this.go(a.pathname + a.hash);
		});
	}

	go(to: string, { replace = false } = {}): void {
		const [path = '', hash = ''] = to.split('#');
		const elsewhere = path !== this.path;
		if (!elsewhere && hash === this.hash) return;
		history[replace ? 'replaceState' : 'pushState'](null, '', to);
		this.path = path;
		this.hash = hash;
		if (elsewhere) scrollTo(0, 0);
	}
}

export const route = new Route();
