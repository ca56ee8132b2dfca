// The console in headless Chromium, end to end: upload, timeline, question, citation, fact, redaction; by keyboard; no serious finding of axe. The
// pictures of docs/ are made here when PICTURES names a folder.
'use strict';
const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { Mesh, ROOT } = require('../mesh/mesh');
const { Skip } = require('../mesh/run');

const CHROMIUM = process.env.CHROMIUM || '/usr/bin/chromium';
const ARGUMENTS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update',
  '--disable-sync'];
const SAMPLE = path.join(ROOT, 'tools/consilium/sample/sample-patient.json');

async function picture(page, name) {
  if (process.env.PICTURES) await page.screenshot({ path: path.join(process.env.PICTURES, `${name}.png`), fullPage: name === 'console-timeline' });
}

async function findings(page) {
  await page.addScriptTag({ content: fs.readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8') }).catch(() => {});
  const { violations } = await page.evaluate(() => window.axe.run());
  return violations.filter((v) => ['serious', 'critical'].includes(v.impact)).map((v) => `${v.id}: ${v.nodes[0].html.slice(0, 120)}`);
}

module.exports = {
  async before(world) {
    if (!fs.existsSync(CHROMIUM)) return;
    const { chromium } = require('playwright-core');
    world.mesh = await Mesh.create();
    await world.mesh.up();
    world.browser = await chromium.launch({ executablePath: CHROMIUM, args: ARGUMENTS });
    // The policy forbids foreign scripts; axe is one.
    world.context = await world.browser.newContext({ bypassCSP: true, viewport: { width: 1200, height: 900 } });
    world.page = await world.context.newPage();
    world.errors = [];
    world.page.on('pageerror', (error) => world.errors.push(String(error)));
    world.page.on('console', (message) => { if (message.type() === 'error') world.errors.push(message.text()); });
  },
  async after(world) {
    await world.browser?.close();
    await world.mesh?.down();
  },
  tests: !fs.existsSync(CHROMIUM) ? {
    'the console in a browser'() { throw new Skip('there is no Chromium (set CHROMIUM)'); },
  } : {
    async 'the console is served with a policy, to whoever asks'({ mesh }) {
      const reply = await fetch(`${mesh.http}/`);
      assert.equal(reply.url, `${mesh.http}/console/`);
      assert.equal(reply.headers.get('content-type'), 'text/html; charset=utf-8');
      assert.match(reply.headers.get('content-security-policy'), /default-src 'none'/);
      assert.equal((await fetch(`${mesh.http}/console/nothing.js`)).status, 404);
      assert.equal((await fetch(`${mesh.http}/console/..%2Fmesh`)).status, 404);
    },
    async 'a bundle is uploaded, and its record drawn over time'({ mesh, page }) {
      await page.goto(`${mesh.http}/console/`);
      await page.getByText('answers by').waitFor();
      await page.fill('#patient', 'web-patient');
      await page.setInputFiles('#upload', SAMPLE);
      await page.getByText(/\d+ facts/).waitFor({ timeout: 60000 });
      assert.ok(await page.locator('#problems svg g[role=img]').count() > 3);
      assert.ok(await page.locator('#medications svg g[role=img]').count() > 0);
      assert.ok(await page.locator('#labs figure').count() > 3);
      await picture(page, 'console-timeline');
    },
    async 'a question is answered, and a citation lights up its fact in the list and in the timeline'({ page }) {
      await page.fill('#question', 'What was the last hemoglobin A1c?');
      await page.keyboard.press('Enter');
      await page.locator('#answer[aria-busy=false] .cite').first().waitFor({ timeout: 60000 });
      assert.ok(await page.locator('#facts li').count() > 3);
      await page.locator('.cite').first().click();
      await page.locator('#facts li.is-lit').waitFor();
      assert.ok(await page.locator('#record .is-lit').count() > 0, 'nothing in the record is lit');
      await page.locator('#timings-box summary').click();
      assert.ok(await page.locator('#timings tbody tr').count() > 5);
      await picture(page, 'console-answer');
    },
    async 'the redaction view shows what was replaced'({ page }) {
      await page.locator('#tab-redaction').click();
      await page.locator('#redaction mark').first().waitFor({ timeout: 30000 });
      const [mine, models] = await page.locator('#redaction tbody tr').first().locator('td').allTextContents();
      assert.notEqual(mine, models);
      await picture(page, 'console-redaction');
    },
    async 'tabs go by arrows, the question by Enter, and no mouse is needed'({ page }) {
      await page.locator('#tab-redaction').focus();
      await page.keyboard.press('ArrowRight');
      assert.equal(await page.evaluate(() => document.activeElement.id), 'tab-timeline');
      assert.ok(await page.locator('#panel-timeline').isVisible());
      await page.keyboard.press('ArrowRight');
      assert.ok(await page.locator('#panel-list').isVisible());
      await page.fill('#filter', 'glucose');
      assert.ok(await page.locator('#list tbody tr:visible').count() < await page.locator('#list tbody tr').count());
    },
    async 'axe finds nothing serious, in light and dark, wide and narrow'({ page }) {
      for (const [colorScheme, width] of [['light', 1200], ['dark', 1200], ['dark', 390]]) {
        await page.emulateMedia({ colorScheme });
        await page.setViewportSize({ width, height: 844 });
        for (const tab of ['timeline', 'list', 'redaction']) {
          await page.locator(`#tab-${tab}`).click();
          assert.deepEqual(await findings(page), [], `${colorScheme}, ${width}, ${tab}`);
        }
        assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), `it scrolls sideways at ${width}`);
      }
      await page.locator('#tab-timeline').click();
      await picture(page, 'console-phone');
    },
    async 'nothing went wrong in the browser'({ errors }) {
      assert.deepEqual(errors, []);
    },
  },
};
