// A private PostgreSQL 15 from Debian's packages, on a unix socket in a temporary directory:
//
//   const postgres = startPostgres();
//   postgres.psql('SELECT 1');     // {status, stdout, stderr}
//   postgres.stop();
//
// PostgreSQL refuses to run as root; there the user `postgres`, which the package brings, runs it.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PROGRAMS = '/usr/lib/postgresql/15/bin';

export function startPostgres() {
    const directory = mkdtempSync(join(tmpdir(), 'coupond-postgres-'));
    const data = join(directory, 'data');
    const root = process.getuid() === 0;
    if (root) must(spawnSync('chown', ['postgres:', directory]));

    // stdio is not shared with the server: it outlives pg_ctl and would keep a pipe open.
    const run = (program, ...args) => {
        const command = [join(PROGRAMS, program), ...args];
        if (root) command.unshift('runuser', '-u', 'postgres', '--');
        must(spawnSync(command[0], command.slice(1), { cwd: directory, stdio: ['ignore', 'ignore', 'inherit'] }));
    };
    run('initdb', '-D', data, '-U', 'coupond', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync');
    const options = `-k ${directory} -c listen_addresses='' -c fsync=off -c synchronous_commit=off`;
    run('pg_ctl', '-D', data, '-l', join(directory, 'log'), '-w', '-o', options, 'start');

    let running = true;
    const stop = () => {
        if (!running) return;
        running = false;
        run('pg_ctl', '-D', data, '-m', 'immediate', '-w', 'stop');
        rmSync(directory, { recursive: true, force: true });
    };
    process.on('exit', stop);

    return {
        directory, // of the socket: the `host` of a connection string
        url: `postgresql:///postgres?host=${encodeURIComponent(directory)}&user=coupond`,
        stop,
        // Runs SQL text. Goes on after an error, which stderr reports as `psql:<stdin>:LINE: ERROR: …`,
        // unless the arguments say otherwise.
        psql(input, ...args) {
            const common = ['-X', '-q', '-h', directory, '-U', 'coupond', '-f', '-', 'postgres'];
            const { status, stdout, stderr, error } = spawnSync('psql', [...args, ...common], {
                encoding: 'utf8',
                input,
                maxBuffer: 64 << 20,
            });
            if (error) throw error;
            return { status, stdout, stderr };
        },
    };
}

function must({ status, error }) {
    if (error) throw error;
    assert.equal(status, 0, 'PostgreSQL could not be started or stopped');
}
