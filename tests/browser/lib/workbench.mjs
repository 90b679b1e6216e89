// Driving code-server's workbench as a person does.
import { until } from '../../e2e/lib/poll.mjs';
import { shoot } from './browser.mjs';

export async function workbenchVisible(page, timeout = 90000) {
  try {
    await page.waitForSelector('.monaco-workbench .part.editor', { timeout });
  } catch (error) {
    await shoot(page, `failed-workbench-${Date.now()}`);
    const unanswered = [...page.unanswered].map((request) => `${request.method()} ${request.url()}`);
    throw new Error(`no workbench at ${page.url()}; unanswered:\n${unanswered.join('\n')}`, { cause: error });
  }
}

// Opens the integrated terminal and runs `command` in it until `done()` is true. The first keys typed before the shell
// is ready may get lost, so the command must bear being typed again.
export async function runInTerminal(page, command, done) {
  await until(async () => {
    if (await page.locator('.terminal.xterm').count() === 0) await page.keyboard.press('Control+Backquote');
    await page.waitForSelector('.terminal.xterm', { timeout: 10000 });
    return true;
  }, { what: 'the terminal opens', timeout: 60000 });
  await until(async () => {
    await page.click('.terminal.xterm .xterm-screen');
    await page.keyboard.press('Control+C');
    await page.keyboard.type(`${command}\n`, { delay: 15 });
    return until(done, { what: command, timeout: 4000, every: 200 });
  }, { what: `the terminal ran: ${command}`, timeout: 60000 });
}
