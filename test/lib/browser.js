// A real browser for tests of pages. Whatever a page logs as an error, and each violation of its content policy,
// fails the test in close().
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:http';
import { chromium } from 'playwright-core';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const PATIENCE = 15_000; // milliseconds
const EXECUTABLE = process.env.CHROMIUM ?? '/usr/bin/chromium';

// It finds this machine under the name shop.test too, which is no secure context, as the loopback address is.
export function launch() {
    const args = ['--no-sandbox', '--host-resolver-rules=MAP shop.test 127.0.0.1'];
    return chromium.launch({ executablePath: EXECUTABLE, args });
}

// A page of a fresh browser context: visit(browser, {javaScriptEnabled: false, colorScheme: 'dark'}).
export async function visit(browser, options = {}) {
    const context = await browser.newContext({ viewport: { width: 1024, height: 800 }, ...options });
    context.setDefaultTimeout(PATIENCE);
    const page = await context.newPage();
    const errors = [];
    page.on('console', (message) => ['error', 'warning'].includes(message.type()) && errors.push(message.text()));
    page.on('pageerror', (error) => errors.push(String(error)));
    page.on('dialog', (dialog) => errors.push(`a dialog: ${dialog.message()}`));
    return {
        page,
        errors,
        // What axe finds on the page as it is now.
        async axe() {
            await page.evaluate(AXE);
            const { violations, incomplete } = await page.evaluate(() => globalThis.axe.run({
                runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
            }));
            const said = (found) => found.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(', ')}`);
            assert.deepEqual(said(violations), []);
            assert.deepEqual(said(incomplete), []);
        },
        async close() {
            await context.close();
            assert.deepEqual(errors, []);
        },
    };
}

// The shop that sells: where buyers come from and go back to.
export async function openShop() {
    const http = createServer((request, response) => {
        response.setHeader('content-type', 'text/html');
        response.end(`<!doctype html><html lang="en"><title>Shop</title><link rel="icon" href="data:,">
            <h1>${request.url.startsWith('/thanks') ? 'Thank you' : 'Cart'}</h1>`);
    });
    await new Promise((listening) => http.listen(0, '127.0.0.1', listening));
    return {
        url: `http://127.0.0.1:${http.address().port}`,
        close: () => new Promise((closed) => {
            http.close(closed);
            http.closeAllConnections();
        }),
    };
}
