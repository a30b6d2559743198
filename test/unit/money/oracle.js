// Discounts, unit amounts and months, worked out a second time with fractions of integers of any size, and
// compared with what the C modules answer: node oracle.js ANSWERS. The cases are the same in every run.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';

const AMOUNT_MAX = 10n ** 12n; // of a line
const UNIT_MAX = 99999999n;
const QUANTITY_MAX = 2147483647;

// ---- the rules ----

// A fraction a/b with b > 0.
const floor = ([a, b]) => (a >= 0n ? a / b : -((b - 1n - a) / b));
// The integer that is nearest, the upper one of two: the largest n with n - 1/2 ≤ a/b.
const nearest = ([a, b]) => floor([2n * a + b, 2n * b]);
const least = (...values) => values.reduce((a, b) => (a < b ? a : b));
const sum = (values) => values.reduce((a, b) => a + b, 0n);

// What { percent (of 10000) | off } takes from each of `lines`, of which it may touch those in `applies`.
function discount({ percent, off }, lines, applies) {
    const open = lines.map((amount, i) => (applies[i] ? amount : 0n));
    if (percent) return open.map((amount) => nearest([amount * percent, 10000n]));
    const base = sum(open);
    if (base === 0n) return open;
    const amount = least(off, base);
    const shares = open.map((each) => floor([amount * each, base]));
    const remainder = amount - sum(shares);
    // What the lines behind a line can take of the remainder, it does not get.
    const room = open.map((each, i) => each - shares[i]);
    return shares.map((share, i) => {
        const behind = sum(room.slice(i + 1));
        return share + (remainder > behind ? least(remainder - behind, room[i]) : 0n);
    });
}

function discounts({ lines, discounts }) {
    let left = lines;
    return discounts.flatMap(({ applies, ...terms }) => {
        const taken = discount(terms, left, applies);
        left = left.map((amount, i) => amount - taken[i]);
        assert(left.every((amount) => amount >= 0n), 'the rules themselves keep lines above zero');
        return [sum(taken), ...taken];
    }).map((value) => `${value} `).join('');
}

function unit({ text, quantity }) {
    const match = /^(\d+)(?:\.(\d{1,12}))?$/.exec(text);
    if (!match) return 'no';
    const [, whole, places = ''] = match;
    const value = [BigInt(whole + places), 10n ** BigInt(places.length)];
    if (value[0] > UNIT_MAX * value[1]) return 'no';
    const shortest = places.replace(/0+$/, '');
    const amount = nearest([value[0] * BigInt(quantity), value[1]]);
    return `${BigInt(whole)}${shortest && `.${shortest}`} ${amount}`;
}

function months({ time, count }) {
    const from = new Date(time * 1000);
    const last = new Date(from);
    last.setUTCMonth(from.getUTCMonth() + count + 1, 0); // the day before the first of the next month
    const day = Math.min(from.getUTCDate(), last.getUTCDate());
    return String(last.setUTCDate(day) / 1000);
}

// ---- the cases ----

let state = 20261121n;
// splitmix64
function next() {
    state = BigInt.asUintN(64, state + 0x9E3779B97F4A7C15n);
    let z = state;
    z = BigInt.asUintN(64, (z ^ (z >> 30n)) * 0xBF58476D1CE4E5B9n);
    z = BigInt.asUintN(64, (z ^ (z >> 27n)) * 0x94D049BB133111EBn);
    return z ^ (z >> 31n);
}
const below = (bound) => Number(next() % BigInt(bound));
const pick = (values) => values[below(values.length)];

const EDGES = [0n, 1n, 2n, 3n, 99n, 100n, 101n, 333n, 4999n, 5000n, 9999n, 10000n, UNIT_MAX, AMOUNT_MAX - 1n, AMOUNT_MAX];
const PERCENTS = [1n, 2n, 49n, 50n, 51n, 1250n, 3333n, 4999n, 5000n, 5001n, 6667n, 9999n, 10000n];

// Of any magnitude, often an edge.
function amount() {
    return below(4) === 0 ? pick(EDGES) : (next() % (AMOUNT_MAX + 1n)) >> BigInt(below(41));
}
function terms() {
    if (below(2)) return { percent: below(3) ? BigInt(1 + below(10000)) : pick(PERCENTS), off: 0n };
    return { percent: 0n, off: amount() };
}

function anyDiscounts() {
    const count = pick([1, 1, 2, 2, 3, 4, 5, 8, 20]);
    const equal = below(4) === 0 && amount(); // equal lines leave the largest remainders
    const lines = Array.from({ length: count }, () => equal || amount());
    const total = sum(lines);
    return { lines, discounts: Array.from({ length: pick([1, 1, 2, 3, 20]) }, () => {
        const each = terms();
        // An amount near what there is.
        if (!each.percent && below(3) === 0) each.off = least(AMOUNT_MAX, total + BigInt(below(3)));
        return { ...each, applies: lines.map(() => below(5) > 0) };
    }) };
}

function anyUnit() {
    const digits = (length) => Array.from({ length }, () => pick(['0', '0', '9', String(below(10))])).join('');
    const whole = below(8) ? String(next() % (UNIT_MAX + 2n) >> BigInt(below(28))) : digits(1 + below(10));
    const text = below(4) ? `${whole}.${digits(below(14))}` : whole;
    return { text, quantity: below(3) ? below(QUANTITY_MAX) >> below(32) : pick([0, 1, 2, QUANTITY_MAX]) };
}

function anyMonths() {
    const time = below(4102444800) + (below(3) ? 0 : -4102444800); // up to 130 years around 1970
    return { time, count: below(4) ? below(1201) : -below(1201) };
}

const numbers = (values) => values.map((value) => (typeof value === 'boolean' ? Number(value) : value)).join(' ');
const questions = {
    discounts: {
        cases: [...Array(60_000)].map(anyDiscounts),
        ask: ({ lines, discounts }) => numbers([lines.length, ...lines, discounts.length,
            ...discounts.flatMap(({ percent, off, applies }) => [percent, off, ...applies])]),
        answer: discounts,
    },
    line: {
        cases: [
            ...EDGES.flatMap((line) => PERCENTS.map((percent) => ({ percent, off: 0n, line }))),
            ...EDGES.flatMap((line) => EDGES.map((off) => ({ percent: 0n, off, line }))),
            // Every percentage on amounts where ties and near ties are common.
            ...Array.from({ length: 10_000 }, (_, i) => ({ percent: BigInt(i + 1), off: 0n, line: BigInt(below(20_000)) })),
            ...[...Array(10_000)].map(() => ({ ...terms(), line: amount() })),
        ],
        ask: ({ percent, off, line }) => numbers([percent, off, line]),
        answer: ({ line, ...terms }) => String(discount(terms, [line], [true])[0]),
    },
    unit: {
        cases: [...Array(15_000)].map(anyUnit),
        ask: ({ text, quantity }) => numbers([text, quantity]),
        answer: unit,
    },
    months: {
        cases: [...Array(15_000)].map(anyMonths),
        ask: ({ time, count }) => numbers([time, count]),
        answer: months,
    },
};

const asked = Object.entries(questions).flatMap(([name, { cases, ask, answer }]) =>
    cases.map((each) => ({ question: `${name} ${ask(each)}`, expected: answer(each) })));
const { status, signal, stdout, stderr } = spawnSync(process.argv[2], {
    input: asked.map(({ question }) => question).join('\n'),
    encoding: 'utf8',
    maxBuffer: 256 << 20,
});
assert.equal(status, 0, `${process.argv[2]} ended with ${signal ?? status}: ${stderr}`);
const answers = stdout.split('\n').slice(0, -1);
assert.equal(answers.length, asked.length, 'one answer to each question');
asked.forEach(({ question, expected }, i) => assert.equal(answers[i], expected, question));
console.log(Object.entries(questions).map(([name, { cases }]) => `${cases.length} ${name}`).join(', '),
    `compared: ${asked.length} in all`);
