// What tests of export and import share: the commands, each to its end, and lines as objects.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { coupond, temporaryDirectory } from './server.js';

export const BAD_DATA = 65;

export function newData() {
    return join(temporaryDirectory(), 'data');
}

export function exported(data, ...args) {
    const { status, stdout, stderr } = coupond(['export', '--data', data, ...args]);
    assert.deepEqual([status, stderr], [0, '']);
    return stdout;
}

export function imported(data, input, ...args) {
    return coupond(['import', '-', '--data', data, ...args], { input });
}

export const lines = (...objects) => objects.map((object) => JSON.stringify(object)).join('\n');
export const objects = (text) => text.trim().split('\n').map((line) => JSON.parse(line));

export function verified(data) {
    const { status, stdout } = coupond(['verify', '--data', data]);
    assert.equal(status, 0, stdout);
}

export function sqlite(data, sql) {
    const { status, stdout, stderr } = spawnSync('sqlite3', [join(data, 'coupond.db'), sql], { encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    return stdout.trim();
}
