// Requests that arrive at the same instant: each connection sends all of its request but the last byte, and when
// all have done so, the last bytes follow.
import { once } from 'node:events';
import { connect } from 'node:net';
import { form } from './client.js';

class Connection {
    #socket;
    #received = Buffer.alloc(0);
    #answered; // resolves the promise of the answer under way

    async open({ host, port }) {
        this.#socket = connect({ host, port, noDelay: true });
        await once(this.#socket, 'connect');
        this.#socket.on('data', (data) => this.#receive(data));
        this.#socket.on('close', () => this.#answered?.({ status: 0, text: 'the connection was closed' }));
        return this;
    }

    // Sends all but the last byte; release() sends that.
    prepare(text) {
        const bytes = Buffer.from(text);
        return {
            flushed: new Promise((done) => this.#socket.write(bytes.subarray(0, -1), done)),
            release: () => new Promise((done) => {
                this.#answered = done;
                this.#socket.write(bytes.subarray(-1));
            }),
        };
    }

    #receive(data) {
        this.#received = this.#received.length ? Buffer.concat([this.#received, data]) : data;
        const end = this.#received.indexOf('\r\n\r\n');
        if (end < 0) return;
        const head = this.#received.toString('latin1', 0, end);
        const length = Number(/^content-length: (\d+)/im.exec(head)[1]);
        if (this.#received.length < end + 4 + length) return;
        const text = this.#received.toString('utf8', end + 4, end + 4 + length);
        this.#received = this.#received.subarray(end + 4 + length);
        this.#answered({ status: Number(head.slice(9, 12)), text });
    }

    close() {
        this.#answered = undefined;
        this.#socket.destroy();
    }
}

// Connections of one key that send in bursts.
export class Bursts {
    #key;
    #connections;

    static async open(server, key, count) {
        const bursts = new Bursts();
        bursts.#key = key;
        bursts.#connections = await Promise.all(Array.from({ length: count }, () => new Connection().open(server)));
        return bursts;
    }

    // requests: [[method, path, fields]…], at most as many as there are connections. Answers {status, json} of each.
    async send(requests) {
        const prepared = requests.map((request, i) => this.#connections[i].prepare(this.#text(...request)));
        await Promise.all(prepared.map(({ flushed }) => flushed));
        const answers = await Promise.all(prepared.map(({ release }) => release()));
        return answers.map(({ status, text }) => ({ status, json: status ? JSON.parse(text) : { error: text } }));
    }

    #text(method, path, fields = {}) {
        const body = method === 'POST' ? form(fields) : '';
        return `${method} ${path} HTTP/1.1\r\nHost: burst\r\nAuthorization: Bearer ${this.#key}\r\n` +
            `Content-Type: application/x-www-form-urlencoded\r\nContent-Length: ${Buffer.byteLength(body)}\r\n` +
            `\r\n${body}`;
    }

    close() {
        for (const connection of this.#connections) connection.close();
    }
}
