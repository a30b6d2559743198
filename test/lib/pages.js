// How tests without a browser look at pages and send their forms.
import { form } from './client.js';

const FORM = 'application/x-www-form-urlencoded';
const ENTITIES = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };

// What a page says: {status, headers, html, problems, notices, heading, sums, value(name), token}.
export async function open(url, init = {}) {
    const response = await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(60_000), ...init });
    return page(response.status, response.headers, await response.text());
}

// Fills in the form of the page that was opened, as a browser would, and presses a button:
// press(url, shown, 'pay', {email: 'a@example.com'}).
export function press(url, shown, action, fields = {}, headers = {}) {
    return open(url, {
        method: 'POST',
        headers: { 'content-type': FORM, ...headers },
        body: form({ token: shown.token, ...(shown.total && { total: shown.total }), action, ...fields }),
    });
}

// The card that is charged, and one that is declined.
export const card = { number: '4242 4242 4242 4242', expiry: '12 / 34', cvc: '123' };
export const declined = { ...card, number: '4000000000000002' };

// Buys what is on the page of a Checkout Session.
export async function buy(url, fields = {}) {
    return press(url, await open(url), 'pay', { ...card, ...fields });
}

function page(status, headers, html) {
    const input = (name) => new RegExp(`<input[^>]* name="${name}"[^>]*>`).exec(html)?.[0];
    const value = (name) => plain(/ value="([^"]*)"/.exec(input(name) ?? '')?.[1]);
    return {
        status,
        headers,
        html,
        location: headers.get('location'),
        heading: plain(/<h1[^>]*>([^<]*)/.exec(html)?.[1]),
        problems: [...html.matchAll(/<p class="problem[^"]*"[^>]*>([^<]*)/g)].map(([, text]) => plain(text)),
        notices: [...html.matchAll(/<p class="good[^"]*"[^>]*>([^<]*)/g)].map(([, text]) => plain(text)),
        // Each line of the order with its amount: {'Total due today': '€49.99'}.
        sums: Object.fromEntries([...html.matchAll(/<th scope="row">(.*?)<\/th>\s*<td>(.*?)<\/td>/gs)]
            .map(([, label, amount]) => [plain(label.replace(/<[^>]*>/g, '')), plain(amount)])),
        has: (name) => input(name) !== undefined,
        value,
        token: value('token'),
        total: value('total'),
    };
}

function plain(text) {
    return text?.replace(/&(#?\w+);/g, (_, name) => ENTITIES[name]);
}
