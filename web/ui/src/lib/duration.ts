const units: Record<string, number> = { h: 3600, m: 60, s: 1, ms: 0.001 };

/** Seconds of a duration as the hub writes it: "1m30s" is 90. What is none is NaN. */
export function seconds(duration: string): number {
	if (duration === '0') return 0;
	if (!/^(?:\d+(?:\.\d+)?(?:ms|[hms]))+$/.test(duration)) return NaN;
	let sum = 0;
	for (const [, n, unit = 's'] of duration.matchAll(/([\d.]+)(ms|[hms])/g)) sum += Number(n) * (units[unit] ?? 0);
	return sum;
}

/** The same the other way. */
export const duration = (seconds: number): string => `${seconds}s`;
