// The two databases run the same SQL. Whatever coupond may send, PostgreSQL must at least be able to prepare.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startPostgres } from '../lib/postgres.js';
import { coupond } from '../lib/server.js';

let postgres;
before(() => {
    postgres = startPostgres();
});
after(() => postgres?.stop());

function print(...args) {
    const { status, stdout, stderr } = coupond(args);
    assert.equal(status, 0, `coupond ${args.join(' ')}: ${stderr}`);
    return stdout;
}

test('the migrations run', () => {
    const { status, stderr } = postgres.psql(print('migrate', '--print', 'postgres'), '-v', 'ON_ERROR_STOP=1');
    assert.equal(status, 0, stderr);
});

test('every statement can be prepared', () => {
    const statements = print('schema', '--statements').split('\n').filter(Boolean);
    assert(statements.length > 10, 'the list of statements is too short to be true');
    // One line is one statement, so that the line number in psql's error names it.
    const lines = statements.map((sql, at) => `PREPARE s${at} AS ${sql.replace(/;\s*$/, '')};`);
    const { stderr } = postgres.psql(lines.join('\n'));
    const failures = [...stderr.matchAll(/^psql:<stdin>:(\d+): (ERROR:.*)/gm)]
        .map(([, line, error]) => `${error}\n    ${statements[line - 1]}`);
    assert(failures.length === 0, `PostgreSQL refuses:\n${failures.join('\n')}`);
    assert.equal(stderr, '');
});
