// What a server asks of its disk: recorded, made to fail, and taken back as a power cut would (recorder.c).
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { root } from './server.js';

const SOURCE = join(root, 'test/faults/recorder.c');
const SECTOR_BYTES = 512; // written whole or not at all

export const RECORD = {
    create: 1, write: 2, truncate: 3, sync: 4, syncDirectory: 5, rename: 6, unlink: 7, send: 8,
};

let library;

function build() {
    if (library) return library;
    const path = join(root, 'build/recorder.so');
    const draft = join(mkdtempSync(join(tmpdir(), 'coupond-test-')), 'recorder.so');
    mkdirSync(dirname(path), { recursive: true });
    const { status, stderr } = spawnSync(process.env.CC ?? 'cc', ['-std=gnu17', '-O2', '-D_GNU_SOURCE', '-Wall',
        '-Wextra', '-Werror', '-U_FORTIFY_SOURCE', '-shared', '-fPIC', SOURCE, '-o', draft, '-ldl'], { encoding: 'utf8' });
    if (status !== 0) throw new Error(`recorder.c: ${stderr}`);
    writeFileSync(`${path}.${process.pid}`, readFileSync(draft));
    renameSync(`${path}.${process.pid}`, path);
    return (library = path);
}

// The environment of a server whose data directory is recorded in a file.
export function recording(directory, trace) {
    return { LD_PRELOAD: build(), RECORD_DIRECTORY: directory, RECORD_TRACE: trace };
}

// The environment of a server whose n-th such call fails; call: write, sync, truncate, open or read.
export function failing(directory, call, n, errno) {
    return {
        LD_PRELOAD: build(), RECORD_DIRECTORY: directory, FAULT_CALL: call, FAULT_AT: String(n),
        FAULT_ERRNO: String(errno),
    };
}

// [{kind, path, offset, data}], in the order in which it happened.
export function readTrace(file) {
    const bytes = readFileSync(file), records = [];
    for (let at = 0; at < bytes.length;) {
        const pathLength = bytes.readUInt32LE(at + 4), dataLength = Number(bytes.readBigUInt64LE(at + 16));
        const path = at + 24, data = path + pathLength;
        records.push({
            kind: bytes.readUInt32LE(at),
            offset: Number(bytes.readBigUInt64LE(at + 8)),
            path: bytes.toString('utf8', path, data),
            data: bytes.subarray(data, data + dataLength),
        });
        at = data + dataLength;
    }
    return records;
}

class Image {
    bytes = Buffer.alloc(0);
    #size = 0;

    apply({ kind, offset, data }) {
        if (kind === RECORD.truncate) return this.#resize(offset);
        if (offset + data.length > this.#size) this.#resize(offset + data.length);
        data.copy(this.bytes, offset);
    }

    #resize(size) {
        if (size > this.bytes.length) {
            this.bytes = Buffer.concat([this.bytes, Buffer.alloc(Math.max(size, 2 * this.bytes.length) - this.bytes.length)]);
        }
        if (size < this.#size) this.bytes.fill(0, size, this.#size);
        this.#size = size;
    }

    content() {
        return this.bytes.subarray(0, this.#size);
    }
}

// The sectors of a write, as writes of their own.
function sectors(operation) {
    if (operation.kind !== RECORD.write) return [operation];
    const parts = [];
    for (let at = 0; at < operation.data.length;) {
        const end = Math.min(operation.data.length, at + SECTOR_BYTES - ((operation.offset + at) % SECTOR_BYTES));
        parts.push({ ...operation, offset: operation.offset + at, data: operation.data.subarray(at, end) });
        at = end;
    }
    return parts;
}

// What may have become of writes that were not synced.
export const FATES = {
    nothing: () => [],
    everything: (operations) => operations,
    prefix: (operations, random) => operations.flatMap(sectors).slice(0, random(operations.flatMap(sectors).length + 1)),
    some: (operations, random) => operations.filter(() => random(2)),
    sectors: (operations, random) => operations.flatMap(sectors).filter(() => random(2)),
};

// The files after a power cut before record number `end`: path → bytes. What was synced is there; of the rest what
// `fate` leaves. `strict`: a file has its name only after its directory was synced.
export function filesAfter(records, end, { fate = FATES.everything, random = () => 0, strict = false } = {}) {
    let names = new Map(), durable = new Map();
    for (const record of records.slice(0, end)) {
        const file = names.get(record.path);
        if (record.kind === RECORD.create) names.set(record.path, { operations: [], synced: 0 });
        else if (record.kind === RECORD.unlink) names.delete(record.path);
        else if (record.kind === RECORD.sync) file.synced = file.operations.length;
        else if (record.kind === RECORD.syncDirectory) durable = new Map(names);
        else if (record.kind === RECORD.rename) {
            names.delete(record.path);
            names.set(record.data.toString(), file);
        } else if (record.kind !== RECORD.send) file.operations.push(record);
    }
    if (strict) names = durable;
    return new Map([...names].map(([path, { operations, synced }]) => {
        const image = new Image();
        for (const operation of operations.slice(0, synced)) image.apply(operation);
        for (const operation of fate(operations.slice(synced), random)) image.apply(operation);
        return [path, image.content()];
    }));
}
