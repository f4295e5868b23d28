import { expect, test, type } from './hub';

// The main job from the owner's side, in one go: it can't arm while a window
// is open, arms when it is left out, a door opens, the alarm runs, and ends.
test('journey: from sign-in through an alarm and back to quiet', async ({ page, demo, watch }) => {
	const headline = page.getByRole('heading', { level: 1 });
	const mode = (name: string) => page.getByRole('group', { name: 'Alarm' }).getByRole('button', { name });

	await demo.signIn(page);
	await expect(page.getByText('Demo', { exact: true })).toBeVisible();
	await demo.settle(page, '5s', '6s'); // a busy machine shall see what is there only for so long
	await expect(mode('Off')).toHaveAttribute('aria-pressed', 'true');

	// A window is open: the panel won't arm, and says why.
	await demo.does('bathroom-window', 'open');
	await expect(headline).toHaveText('Bathroom window is open.');
	await mode('Away').click();
	await expect(page.getByText('Close it, or leave it out this time.')).toBeVisible();
	await expect(mode('Off')).toBeHidden();

	// Left out, it arms, with an exit delay.
	await page.getByRole('button', { name: 'Leave it out and arm' }).click();
	await expect(headline).toContainText('to leave');
	await expect(headline).toHaveText('Armed, away.');
	await expect(page.getByText('Bathroom window is left out.')).toBeVisible();
	await expect(mode('Away')).toHaveAttribute('aria-pressed', 'true');

	// Somebody comes in: seconds to enter the code, then the alarm.
	await demo.does('front-door', 'open');
	await expect(headline).toContainText('Welcome home?');
	await expect(page.getByText('Front door opened. Enter your code.')).toBeVisible();
	await expect(page).toHaveURL(/\/alarm$/);
	await expect(headline).toHaveText('Front door opened.');
	await expect(page.getByText('Alarm · Siren on')).toBeVisible();

	// Silence is not the end of it; the code is.
	await page.getByRole('button', { name: 'Silence' }).click();
	await expect(page.getByText('Alarm · Silenced')).toBeVisible();
	await type(page, '1111');
	await expect(page.getByText(/^Not that one\./)).toBeVisible();
	await type(page, demo.code);
	await expect(page).toHaveURL(/\/$/);
	await expect(mode('Off')).toHaveAttribute('aria-pressed', 'true');
	await expect(page.getByText(/^There was an alarm at/)).toBeVisible();

	await demo.does('front-door', 'close');
	await demo.does('bathroom-window', 'close');
	await expect(headline).toHaveText('All quiet.');
	watch.check();
});
