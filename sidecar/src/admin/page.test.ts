import { accessSync, constants } from 'node:fs';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ProxyError } from '../proxy-error.ts';
import { contextOf, DEMO, endpoint, mesh, service } from '../route/mesh.fixture.ts';
import { startAdmin, type AdminFixture } from './admin.fixture.ts';

const CHROMIUM = '/usr/bin/chromium';
const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const GRAY = { headers: { baggage: 'lane=gray' } };

/** CI installs a browser and must not pass without one; elsewhere the reason is printed and the rest of the tests go on. */
function hasBrowser(): boolean {
  try {
    accessSync(CHROMIUM, constants.X_OK);
    return true;
  } catch {
    const reason = `the admin page is tested in a real browser, and there is no ${CHROMIUM} here (Debian: apt-get install chromium)`;
    if (process.env['CI'] === 'true') throw new Error(reason);
    process.stderr.write(`page.test.ts is left out: ${reason}\n`);
    return false;
  }
}

/** b's gray endpoint is down, so that gray falls back there. */
const services = DEMO.services.map((one) =>
  one.name === 'b'
    ? { ...one, endpoints: [endpoint('10.0.2.1'), endpoint('10.0.2.2', { lane: 'gray', healthy: false })] }
    : one,
);

describe.runIf(hasBrowser())('the page for people', () => {
  let browser: Browser;
  let admin: AdminFixture;
  let page: Page;
  let complaints: string[];

  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
  });

  afterAll(() => browser.close());

  beforeEach(async () => {
    complaints = [];
    admin = await startAdmin({ capacity: 1000, context: contextOf(mesh({ ...DEMO, services })) });
    page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    page.setDefaultTimeout(10_000);
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
  });

  afterEach(async () => {
    await page.close();
    await admin.close();
  });

  async function open(hash = ''): Promise<void> {
    await page.goto(`http://127.0.0.1:${admin.at.port}/${hash}`);
    await page.locator('.live.on').waitFor();
  }

  const rows = () => page.locator('#rows tr');
  const requests = async (): Promise<string[]> => {
    const texts = await page.locator('#rows .request').allTextContents();
    return texts.map((text) => text.replace('→ outbound ', ''));
  };
  const detail = () => page.locator('#detail');

  async function settle(expected: readonly string[]): Promise<void> {
    await expect.poll(requests, { timeout: 10_000 }).toEqual(expected);
  }

  it('shows requests as they end, newest first, with lane, evidence and endpoint in words', async () => {
    admin.send('a', { path: '/before' });
    await open();
    await settle(['GET a/before']);
    admin.send('c', { path: '/live', ...GRAY });
    await settle(['GET c/live', 'GET a/before']);
    const cells = await rows().first().locator('td').allInnerTexts();
    expect(cells.slice(2, 6)).toEqual(['gray', 'baggage', 'c\n10.0.3.2:8080', '200']);
    expect(complaints).toEqual([]);
  });

  it('shows the whole decision with its sentence on a click', async () => {
    admin.send('b', { headers: { ...GRAY.headers, traceparent: `00-${TRACE}-00f067aa0ba902b7-01` } });
    await open();
    await rows().first().click();
    const text = await detail().innerText();
    for (const part of [
      'falls back from gray to base',
      'baggage lane=gray',
      'default/b',
      '10.0.2.2:8080 unhealthy',
      TRACE,
      'g1',
    ]) {
      expect(text).toContain(part);
    }
    expect(await rows().first().getAttribute('aria-selected')).toBe('true');
    await detail().getByText('Close').click();
    expect(await detail().isVisible()).toBe(false);
    expect(complaints).toEqual([]);
  });

  it('can be used by the keyboard alone', async () => {
    for (const path of ['/1', '/2', '/3']) admin.send('a', { path });
    await open();
    await settle(['GET a/3', 'GET a/2', 'GET a/1']);
    await page.locator('#rows [tabindex="0"]').focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    expect(await detail().innerText()).toContain('GET a/2');
    await page.keyboard.press('ArrowDown');
    expect(await detail().innerText()).toContain('GET a/1');
    await page.keyboard.press('Escape');
    expect(await detail().isVisible()).toBe(false);
    expect(await page.evaluate('document.activeElement.hop.path')).toBe('/1');
  });

  it('filters by lane, service, status and trace, live requests too, and keeps the filter in its address', async () => {
    admin.send('a', { path: '/base' });
    admin.send('c', { path: '/gray', ...GRAY });
    const error = new ProxyError('connect-failed', 'nobody');
    admin.send('c', {
      path: '/failed',
      headers: { traceparent: `00-${TRACE}-1-01` },
      result: { status: 502, error },
    });
    await open();
    await page.locator('[name=lane]').first().fill('gray');
    await settle(['GET c/gray']);
    await page.locator('.live.on').waitFor();
    admin.send('a', { path: '/other' });
    admin.send('a', { path: '/gray-too', ...GRAY });
    await settle(['GET a/gray-too', 'GET c/gray']);
    await page.locator('[name=service]').fill('c');
    await settle(['GET c/gray']);
    expect(new URL(page.url()).hash).toBe('#lane=gray&service=c');
    await page.getByText('Clear').click();
    await page.locator('[name=status]').selectOption('failed');
    await settle(['GET c/failed']);
    await page.getByText('Clear').click();
    await page.locator('[name=trace]').fill(TRACE);
    await settle(['GET c/failed']);
    await page.goto('about:blank');
    await open('#lane=gray&service=a');
    await settle(['GET a/gray-too']);
    expect(complaints).toEqual([]);
  });

  it('leaves hostile text inert wherever it comes from', async () => {
    const attack = `"><img src=x onerror="window.hit=1"><script>window.hit=1</script>`;
    admin.send(`a`, { path: `/${attack}` });
    admin.send(`${attack}.example`, { path: '/host' });
    admin.send('c', { path: '/id', headers: { traceparent: `00-${attack.replaceAll('-', '')}-1-01` } });
    admin.send('c', { path: '/lane', headers: { baggage: `lane=${encodeURIComponent(attack)}` } });
    await open(`#trace=${encodeURIComponent('')}&lane=`);
    await expect.poll(() => rows().count()).toBe(4);
    for (let index = 0; index < 4; index++) {
      await rows().nth(index).click();
      await detail().waitFor();
    }
    expect(await detail().innerText()).toContain('<script>window.hit=1</script>');
    await page.locator('#explain summary').click();
    await page.locator('[name=authority]').fill(`${attack}`);
    await page.locator('[name=headers]').fill(`baggage: lane=${attack}`);
    await page.locator('#explain').getByRole('button', { name: 'Explain' }).click();
    await page.locator('.answer').getByText('img').first().waitFor();
    expect(await page.evaluate('window.hit')).toBeUndefined();
    expect(await page.locator('img, main script').count()).toBe(0);
    expect(complaints).toEqual([]);
  });

  it('explains a request that is not sent, and what every other lane would get', async () => {
    await open();
    await page.locator('#explain summary').click();
    await page.locator('[name=authority]').fill('b');
    await page.locator('[name=headers]').fill('baggage: lane=gray\nx-user: 7');
    await page.locator('#explain').getByRole('button', { name: 'Explain' }).click();
    const lines = page.locator('.answer tbody tr');
    await expect.poll(() => lines.count()).toBe(2);
    expect(await lines.nth(0).innerText()).toContain('falls back from gray to base');
    expect(await lines.nth(1).innerText()).toMatch(/base\s+10\.0\.2\.1:8080/);
    await page.locator('[name=headers]').fill('nonsense');
    await page.locator('#explain').getByRole('button', { name: 'Explain' }).click();
    await page.getByText('header is name:value').waitFor();
    expect(await rows().count()).toBe(0);
  });

  it('shows every service and endpoint, what is left out and why, whatever they are called', async () => {
    const attack = '<img-src=x-onerror="window.hit=1">';
    const named = (name: string, endpoints = [endpoint('10.0.7.1')]) => service(name, { endpoints });
    await admin.close();
    admin = await startAdmin({
      context: contextOf(
        mesh({
          services: [
            named('订单'),
            named('ORDERS@@order', [
              endpoint('10.0.8.1', { source: 'nacos', healthy: false, dropReason: 'invalid-lane' }),
              endpoint('10.0.8.2', { source: 'nacos', healthy: false, dropReason: 'disabled', lane: 'gray' }),
            ]),
            named(attack),
          ],
        }),
      ),
    });
    await open();
    await page.locator('#clusters summary').click();
    const table = page.locator('#clusters table');
    await table.waitFor();
    const text = await table.innerText();
    expect(text).toContain('default/订单');
    expect(text).toContain(`default/${attack}`);
    const lines = await table.locator('tr', { hasText: '10.0.8.' }).allInnerTexts();
    expect(lines.map((line) => line.replace(/\s+/g, ' ').trim())).toEqual([
      '10.0.8.1:8080 none nacos invalid-lane: what names its lane in the registry is no lane name, so it is neither of the baseline nor of a lane',
      '10.0.8.2:8080 gray nacos disabled: it is switched off in its registry',
    ]);
    expect(await page.evaluate('window.hit')).toBeUndefined();
    expect(complaints).toEqual([]);
  });

  it("tells what became of the client's own choice", async () => {
    admin.send('10.0.3.1:8080', GRAY);
    await open();
    await rows().first().click();
    const said = await detail().innerText();
    expect(said).toMatch(/Client chose\s+10\.0\.3\.1:8080\s+lane base · replaced/);
    expect(said).toContain('The client had chosen 10.0.3.1:8080 of base');
  });

  it('keeps a bounded number of rows, however many requests come', async () => {
    for (let index = 0; index < 400; index++) admin.send('a', { path: `/${index}` });
    await open();
    await expect.poll(() => rows().count()).toBe(300);
    await rows().last().click();
    for (let index = 400; index < 500; index++) admin.send('a', { path: `/${index}` });
    await page.getByText('GET a/499').waitFor();
    expect(await rows().count()).toBe(300);
    // The one that is being read stays.
    expect(await rows().last().getAttribute('aria-selected')).toBe('true');
    expect((await requests()).slice(0, 2)).toEqual(['GET a/499', 'GET a/498']);
  });

  it('says when the connection is lost, and goes on by itself when it is back', async () => {
    admin.send('a', { path: '/before' });
    await open();
    await settle(['GET a/before']);
    const { port } = admin.at;
    await admin.close();
    await page.locator('.live.lost').waitFor();
    await page.getByText('The connection to the sidecar is lost').waitFor();
    await settle(['GET a/before']);
    await admin.listen({ address: '127.0.0.1', port });
    await page.locator('.live.on').waitFor();
    admin.send('a', { path: '/after' });
    await settle(['GET a/after', 'GET a/before']);
    expect(await page.locator('#notice').isVisible()).toBe(false);
  });

  it('holds still while it is paused', async () => {
    await open();
    await page.getByText('Pause').click();
    admin.send('a', { path: '/1' });
    await page.getByText('1 waiting').waitFor();
    expect(await rows().count()).toBe(0);
    await page.getByText('Go on').click();
    await settle(['GET a/1']);
  });

  it('fits a screen of 400 pixels, light and dark', async () => {
    admin.send('b', { path: `/${'long/'.repeat(60)}`, ...GRAY });
    await page.setViewportSize({ width: 400, height: 800 });
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      await open();
      await rows().first().click();
      await detail().waitFor();
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(400);
    }
    const ground = () => page.evaluate('getComputedStyle(document.body).backgroundColor');
    const dark = await ground();
    await page.emulateMedia({ colorScheme: 'light' });
    expect(await ground()).not.toBe(dark);
  });
});
