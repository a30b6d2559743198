// Caps under attack: 64 requests released at the same instant, over and over, of every kind that moves a counter.
// What was answered has to be a history that could have happened one after the other: no cap is ever exceeded (P2),
// nobody is told "used up" while a use was left (P3), and at the end counters, ledger and answers agree (P4).
//
//   BURSTS=16000 node --test test/faults/redemptions.test.js          (a million requests)
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { until } from '../lib/account.js';
import { Bursts } from '../lib/burst.js';
import { newKey } from '../lib/client.js';
import { coupond, start, temporaryDirectory } from '../lib/server.js';

const BURSTS = Number(process.env.BURSTS ?? 2000);
const CONNECTIONS = 64;
const CAPS = [1, 2, 10, 100, 500];
const HOLD_SECONDS = 2; // one may have begun to pass when the request arrives

const pick = (items) => items[randomInt(items.length)];
const now = () => Math.floor(Date.now() / 1000);
const REDEEM = '/v1/redemptions';
// Of two who capture or cancel the same hold the other was first.
const ENDED = /^You cannot (capture|cancel) this redemption because (its status|the release_policy) is/;

const totals = { bursts: 0, requests: 0, redeemed: 0, held: 0, captured: 0, canceled: 0, expired: 0, refused: 0 };
let bursts;
let made = 0;

async function send(requests) {
    totals.bursts++;
    totals.requests += requests.length;
    const answers = await bursts.send(requests);
    for (const { status, json } of answers) assert(status === 200 || status === 400, JSON.stringify(json));
    return answers;
}

async function must(...request) {
    const [{ status, json }] = await bursts.send([request]);
    assert.equal(status, 200, JSON.stringify(json));
    return json;
}

// A code with a cap, as this test believes it to be: how many uses are counted, which of them are held.
class Subject {
    held = [];
    used = 0;
    ended = false; // switched off or deleted

    async make(cap, { couponCap, ...rules } = {}) {
        this.cap = cap;
        this.coupon = `C${made++}`;
        this.code = `CODE${made}`;
        await must('POST', '/v1/coupons', { id: this.coupon, percent_off: 10, max_redemptions: couponCap, ...rules });
        const promotion = { type: 'coupon', coupon: this.coupon };
        ({ id: this.id } = await must('POST', '/v1/promotion_codes', { promotion, code: this.code, max_redemptions: cap }));
        return this;
    }

    redeem(fields) {
        return ['POST', REDEEM, { code: this.code, ...fields }];
    }

    hold(seconds = 3600) {
        return this.redeem({ capture_method: 'manual', hold_expires_at: now() + seconds });
    }

    // Takes the answers to requests that were all under way at once into account.
    note(requests, answers) {
        const before = this.used;
        let taken = 0, refused = 0;
        answers.forEach(({ status, json }, i) => {
            const [method, path] = requests[i];
            const reason = json.error?.reason;
            if (method === 'POST' && path === REDEEM && status === 200) {
                taken++;
                if (json.status === 'held') this.held.push(json.id);
                totals[json.status]++;
            } else if (method === 'POST' && path === REDEEM) {
                totals.refused++;
                if (reason === 'code_used_up' || reason === 'coupon_used_up') refused++;
                else assert(this.ended && ['code_inactive', 'coupon_deleted'].includes(reason), JSON.stringify(json));
            } else if (path.endsWith('/capture') || path.endsWith('/cancel')) {
                if (status === 200) this.#end(json);
                else assert.match(json.error.message, ENDED);
            }
        });
        this.used += taken;
        // At no moment were more counted than those before and all that were taken now.
        if (refused) assert(before + taken >= this.cap, `refused at ${before} and ${taken} of ${this.cap}`);
        assert(this.used <= this.cap + CONNECTIONS);
        return taken;
    }

    #end({ id, status }) {
        this.held = this.held.filter((each) => each !== id);
        totals[status === 'redeemed' ? 'captured' : 'canceled']++;
        if (status === 'canceled') this.used--;
    }

    async check() {
        const { times_redeemed: times } = await must('GET', `/v1/promotion_codes/${this.id}`);
        assert.equal(times, this.used, `${this.code} of ${this.cap}`);
        assert(times <= this.cap);
    }
}

function times(count, make) {
    return Array.from({ length: count }, (_, i) => make(i));
}

// ---- the kinds of bursts ----

// All want it: as many get it as are left, not one more and not one fewer.
async function redeemAll(subject) {
    const requests = times(CONNECTIONS, () => subject.redeem());
    const left = subject.cap - subject.used;
    assert.equal(subject.note(requests, await send(requests)), Math.min(left, CONNECTIONS));
}

async function exhaust(cap) {
    const subject = await new Subject().make(cap);
    while (subject.used < cap) await redeemAll(subject);
    await redeemAll(subject);
    await subject.check();
}

// Redeems, holds, captures and cancellations in disorder; two may want to end the same hold.
async function mix(cap) {
    const subject = await new Subject().make(cap, { release_policy: pick(['anytime', 'held_only']) });
    for (let round = 0; round < 4; round++) {
        const requests = times(CONNECTIONS, () => {
            const kind = randomInt(subject.held.length ? 4 : 2);
            if (kind === 0) return subject.redeem();
            if (kind === 1) return subject.hold();
            return ['POST', `${REDEEM}/${pick(subject.held)}/${kind === 2 ? 'capture' : 'cancel'}`];
        });
        subject.note(requests, await send(requests));
    }
    await subject.check();
    return subject;
}

// All uses are held for a moment; when that is over all of them can be had again.
const expiring = [];
async function holdShortly(cap) {
    const subject = await new Subject().make(cap);
    const requests = times(CONNECTIONS, () => subject.hold(HOLD_SECONDS));
    subject.note(requests, await send(requests));
    expiring.push(subject);
}

async function redeemExpired(subject) {
    await until(async () => (await must('GET', `/v1/promotion_codes/${subject.id}`)).times_redeemed === 0);
    totals.expired += subject.held.length;
    subject.used = 0;
    await redeemAll(subject);
    await subject.check();
}

// In the middle of it the code is switched off, or its coupon deleted.
async function endMeanwhile(cap) {
    const subject = await new Subject().make(cap);
    const requests = times(CONNECTIONS, () => pick([subject.redeem(), subject.hold()]));
    requests[randomInt(CONNECTIONS)] = pick([
        ['POST', `/v1/promotion_codes/${subject.id}`, { active: false }],
        ['DELETE', `/v1/coupons/${subject.coupon}`],
    ]);
    subject.ended = true;
    subject.note(requests, await send(requests));
    const late = times(CONNECTIONS, () => subject.redeem());
    assert.equal(subject.note(late, await send(late)), 0, 'nothing is redeemed afterwards');
    await subject.check();
}

// Two codes and the coupon itself: each has its cap, and the coupon's holds for all.
async function shareCoupon(cap) {
    const one = await new Subject().make(cap, { couponCap: cap + 1 });
    const promotion = { type: 'coupon', coupon: one.coupon };
    const { code } = await must('POST', '/v1/promotion_codes', { promotion, max_redemptions: cap });
    const requests = times(CONNECTIONS, () =>
        ['POST', REDEEM, pick([{ code }, { code: one.code }, { coupon: one.coupon }])]);
    const answers = await send(requests);
    const won = answers.filter(({ status }) => status === 200).length;
    totals.redeemed += won;
    totals.refused += CONNECTIONS - won;
    const { times_redeemed: counted } = await must('GET', `/v1/coupons/${one.coupon}`);
    assert.equal(counted, won);
    assert(won <= cap + 1);
}

// One customer wants it more often, or more money is wanted, than the rules allow.
async function limit(cap) {
    const money = cap % 2 === 0;
    const subject = await new Subject().make(1000, money
        ? { max_amount_off_total: cap * 10, max_amount_off_total_currency: 'usd' }
        : { restrictions: { max_redemptions_per_customer: cap } });
    const fields = money ? { amount: 100, currency: 'usd' } : { email: 'jo@example.com' };
    const answers = await send(times(CONNECTIONS, () => subject.redeem(fields)));
    const won = answers.filter(({ status }) => status === 200).length;
    totals.redeemed += won;
    totals.refused += CONNECTIONS - won;
    assert.equal(won, Math.min(cap, CONNECTIONS));
}

const KINDS = [exhaust, exhaust, mix, mix, holdShortly, endMeanwhile, shareCoupon, limit];

test('no history of redemptions breaks a cap or wastes a use', { timeout: 3_600_000 }, async (t) => {
    const data = temporaryDirectory();
    const server = await start({ data });
    t.after(() => server.kill9()); // where the test has failed it still runs
    bursts = await Bursts.open(server, newKey(), CONNECTIONS);
    for (let i = 0; totals.bursts < BURSTS; i++) {
        await KINDS[i % KINDS.length](CAPS[Math.floor(i / KINDS.length) % CAPS.length]);
        if (expiring.length > 50) await redeemExpired(expiring.shift());
    }
    while (expiring.length) await redeemExpired(expiring.shift());
    bursts.close();
    await server.stop();

    const { status, stdout } = coupond(['verify', '--data', data]);
    assert.equal(status, 0, stdout);
    const select = (sql) => spawnSync('sqlite3', [join(data, 'coupond.db'), sql], { encoding: 'utf8' }).stdout.trim();
    assert.equal(select('SELECT COUNT(*) FROM redemptions AS r JOIN promotion_codes AS p ON p.tenant = r.tenant ' +
        'AND p.seq = r.promotion_code WHERE r.promotion_code_ordinal > p.max_redemptions'), '0');
    assert.equal(select('SELECT SUM(uses > 0), SUM(uses < 0) FROM redemptions'),
        `${totals.redeemed + totals.held}|${totals.canceled + totals.expired}`, 'every answer is in the ledger');
    console.log(`redemptions: ${Object.entries(totals).map(([name, count]) => `${count} ${name}`).join(', ')}; ` +
        stdout.split('\n')[0]);
    rmSync(data, { recursive: true, force: true });
});
