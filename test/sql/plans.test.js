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
    [/promotion_codes .*o\.customer = \$\d/, 'promotion_codes_customer'],
    [/o\.promotion_coupon_seq = \$\d/, 'promotion_codes_coupon'],
    [/redemption_records .*o\.coupon_seq = \$\d/, 'redemption_records_coupon'],
    [/redemption_records .*o\.promotion_code_seq = \$\d/, 'redemption_records_promotion_code'],
    [/redemption_records .*customer = \$\d/, 'redemption_records_customer'],
    [/redemption_records .*client_reference_id = \$\d/, 'redemption_records_reference'],
    [/redemption_attempts .*o\.text_key = \$\d/, 'redemption_attempts_text'],
    [/redemption_attempts .*o\.customer = \$\d/, 'redemption_attempts_customer'],
    [/FROM customers .*o\.email = \$\d/, 'customers_email'],
    [/FROM (\w+) AS o.*o\.id = \$\d/, /_id \(/],
    [/o\.seq = \$\d/, 'PRIMARY KEY (tenant=? AND seq=?)'],
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
    for (const sql of statements.filter((text) => text.startsWith('SELECT'))) {
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
