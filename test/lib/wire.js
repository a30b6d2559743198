// Bytes on a connection, for what no HTTP client would send:
//
//   const connection = await connect(server);
//   connection.send('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
//   const { status, headers, body } = await connection.response();
//   connection.close();
import { createConnection } from 'node:net';

const PATIENCE = 20_000; // milliseconds for an answer, or for the server to close

export async function connect(server) {
    const connection = new Connection(createConnection({ host: server.host, port: server.port, noDelay: true }));
    await connection.opened;
    return connection;
}

class Connection {
    #socket;
    #received = Buffer.alloc(0);
    #ended = false;
    #wake = () => {};

    constructor(socket) {
        this.#socket = socket;
        this.opened = new Promise((done, fail) => socket.once('connect', done).once('error', fail));
        socket.on('data', (data) => {
            this.#received = Buffer.concat([this.#received, data]);
            this.#wake();
        });
        // A reset is an end like any other: the server may close with bytes unread.
        socket.on('error', () => {});
        socket.on('close', () => {
            this.#ended = true;
            this.#wake();
        });
        socket.on('end', () => {
            this.#ended = true;
            this.#wake();
        });
    }

    // Text is sent as Latin-1, one byte per character.
    send(data) {
        this.#socket.write(typeof data === 'string' ? Buffer.from(data, 'latin1') : data);
    }

    // Nothing more will be sent; answers are still read.
    finish() {
        this.#socket.end();
    }

    close() {
        this.#socket.destroy();
    }

    // The next answer; undefined when the server closes instead. `head: true`: there is no body.
    async response({ head = false } = {}) {
        const end = await this.#until(() => this.#received.indexOf('\r\n\r\n'));
        if (end < 0) return undefined;
        const [line, ...lines] = this.#received.subarray(0, end).toString('latin1').split('\r\n');
        const headers = new Headers(lines.map((each) => {
            const colon = each.indexOf(':');
            return [each.slice(0, colon), each.slice(colon + 1)];
        }));
        const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(line)?.[1]);
        const length = status === 100 || status === 204 || head ? 0 : Number(headers.get('content-length'));
        const whole = end + 4 + length;
        if (await this.#until(() => (this.#received.length >= whole ? whole : -1)) < 0) return undefined;
        const body = this.#received.subarray(end + 4, whole).toString();
        this.#received = this.#received.subarray(whole);
        return { line, status, headers, body };
    }

    // The answers until the server closes. Fails when it does not, or when there are more than `most`.
    async rest(most = Infinity) {
        const answers = [];
        for (let answer; (answer = await this.response());) {
            answers.push(answer);
            if (answers.length > most) throw new Error(`an answer too many: ${answer.line} ${answer.body}`);
        }
        if (!this.#ended) throw new Error(`the server did not close within ${PATIENCE / 1000} s`);
        return answers;
    }

    // The first answer of `found` that is not negative; -1 at the end of the connection.
    async #until(found) {
        const deadline = Date.now() + PATIENCE;
        for (;;) {
            const at = found();
            if (at >= 0) return at;
            if (this.#ended || Date.now() >= deadline) return -1;
            let timer;
            await new Promise((done) => {
                this.#wake = done;
                timer = setTimeout(done, deadline - Date.now());
            });
            clearTimeout(timer);
        }
    }
}
