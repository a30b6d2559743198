// No look-up by a code, customer or the like may read a whole tenant: SQLite's plan for each statement that
// has such a condition names the index that was made for it.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

const COUPOND = process.env.COUPOND ?? 'build/coupond';
const INDEXES = [
    [/\bcode_key = \$\d/, 'promotion_codes_code'],
    [/\bcode_key >= \$\d/, 'INDEX promotion_codes_code (tenant=? AND code_key>? AND code_key<?)'],
    [/promotion_codes .*o\.customer = \$\d/, 'promotion_codes_customer'],
    [/o\.promotion_coupon_seq = \$\d/, 'promotion_codes_coupon'],
    [/redemption_records .*o\.coupon_seq = \$\d/, 'redemption_records_coupon'],
    [/redemption_records .*o\.promotion_code_seq = \$\d/, 'redemption_records_promotion_code'],
    [/redemption_records .*customer = \$\d/, 'redemption_records_customer'],
    [/redemption_records .*o\.status <> 'redeemed'/, 'redemption_records_status'],
    [/redemption_records .*client_reference_id = \$\d/, 'redemption_records_reference'],
    [/redemption_attempts .*o\.text_key = \$\d/, 'redemption_attempts_text'],
    [/redemption_attempts .*o\.customer = \$\d/, 'redemption_attempts_customer'],
    [/o\.batch_seq = \$\d/, 'promotion_codes_batch'],
    [/FROM customers .*o\.email = \$\d/, 'customers_email'],
    [/FROM customers .*o\.test_clock_seq = \$\d/, 'customers_test_clock'],
    [/FROM invoices .*o\.customer = \$\d/, 'invoices_customer'],
    [/FROM invoices .*o\.parent_subscription_details_subscription = \$\d/, 'invoices_subscription'],
    [/FROM invoice_items .*o\.customer = \$\d/, 'invoice_items_customer'],
    [/FROM invoice_items .*o\.invoice = \$\d/, 'invoice_items_invoice'],
    [/FROM invoice_payments .*o\.invoice = \$\d/, 'invoice_payments_invoice'],
    [/FROM invoice_payments .*o\.payment_payment_intent = \$\d/, 'invoice_payments_payment'],
    [/FROM subscriptions .*o\.customer = \$\d/, 'subscriptions_customer'],
    [/FROM subscriptions .*o\.test_clock_seq = \$\d/, 'subscriptions_test_clock'],
    [/FROM subscription_items .*o\.subscription = \$\d/, 'subscription_items_subscription'],
    [/FROM charges .*o\.customer = \$\d/, 'charges_customer'],
    [/FROM charges .*o\.payment_intent = \$\d/, 'charges_payment_intent'],
    [/FROM payment_methods .*o\.customer = \$\d/, 'payment_methods_customer'],
    [/FROM payment_intents .*o\.customer = \$\d/, 'payment_intents_customer'],
    [/FROM setup_intents .*o\.customer = \$\d/, 'setup_intents_customer'],
    [/FROM setup_intents .*o\.payment_method = \$\d/, 'setup_intents_payment_method'],
    [/FROM prices .*o\.lookup_key = \$\d/, 'prices_lookup_key'],
    [/FROM prices .*o\.product_seq = \$\d/, 'prices_product'],
    [/FROM timers .*\bclock = (\$\d|0)/, 'timers_due (clock=?'],
    [/FROM subscriptions .*\bcustomer = \$\d/, 'subscriptions_customer'],
    [/FROM subscriptions .*\btest_clock_seq = \$\d/, 'subscriptions_test_clock'],
    [/FROM subscription_items .*\bsubscription = \$\d/, 'subscription_items_subscription'],
    [/AS i WHERE .*i\.price = \$\d/, '(tenant=? AND price=? AND subscription=?)'],
    [/FROM customers .*\btest_clock_seq = \$\d/, 'customers_test_clock'],
    [/FROM invoices .*\bcustomer = \$\d/, 'invoices_customer'],
    [/FROM invoices .*\bparent_subscription_details_subscription = \$\d/, 'invoices_subscription'],
    [/FROM invoice_items .*\bcustomer = \$\d/, 'invoice_items_customer'],
    [/FROM invoice_items .*\binvoice = \$\d/, 'invoice_items_invoice'],
    [/FROM (\w+) AS o.*o\.id = \$\d/, /_id \(/],
    [/o\.seq = \$\d/, '(tenant=? AND seq=?)'],
];

function run(command, args) {
    const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 64 << 20 });
    assert.equal(status, 0, `${command} ${args.join(' ')}: ${stderr}`);
    return stdout;
}

let directory;
before(() => {
    directory = mkdtempSync(join(tmpdir(), 'coupond-plans-'));
    run('chmod', ['700', directory]);
    run(COUPOND, ['migrate', '--data', directory]);
});
after(() => rmSync(directory, { recursive: true, force: true }));

function plan(sql) {
    return run('sqlite3', [join(directory, 'coupond.db'), `EXPLAIN QUERY PLAN ${sql}`]);
}

test('look-ups use the index that was made for them', () => {
    const statements = run(COUPOND, ['schema', '--statements']).split('\n').filter(Boolean);
    const used = new Set();
    for (const sql of statements.filter((text) => /^(SELECT|DELETE FROM timers)/.test(text))) {
        // With several conditions any of the indexes will do.
        const wanted = INDEXES.filter(([condition]) => condition.test(sql));
        if (wanted.length === 0) continue;
        const text = plan(sql);
        const found = wanted.filter(([, index]) => index instanceof RegExp ? index.test(text) : text.includes(index));
        assert(found.length > 0, `${sql}\n${text}`);
        for (const [condition] of found) used.add(condition);
    }
    assert.equal(used.size, INDEXES.length, 'a condition that is looked for does not stand in any statement');
});

test('of several filters of redemptions the one that few meet is looked up', () => {
    const conditions = { // the first of two that stand here is the narrower one
        client_reference_id: 'o.client_reference_id = ?1',
        customer: 'o.customer = ?2',
        status: "(o.status = ?3 AND o.status <> 'redeemed')",
        promotion_code: 'o.promotion_code_seq = ?4',
        coupon: 'o.coupon_seq = ?5',
    };
    const indexes = { client_reference_id: 'reference' };
    const names = Object.keys(conditions);
    for (const [i, narrow] of names.entries()) {
        for (const wide of names.slice(i + 1)) {
            const text = plan(`SELECT o.seq FROM redemption_records AS o WHERE o.tenant = ?6 AND o.deleted_at IS NULL ` +
                `AND ${conditions[wide]} AND ${conditions[narrow]} ORDER BY o.seq DESC LIMIT 10`);
            assert(text.includes(`redemption_records_${indexes[narrow] ?? narrow} `), `${narrow} and ${wide}: ${text}`);
            assert(!/TEMP B-TREE/.test(text), text);
        }
    }
});
