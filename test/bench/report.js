// Samples to text: medians, spreads, ratios, budgets.
export function median(values) {
    const sorted = values.toSorted((a, b) => a - b), middle = sorted.length >> 1;
    return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

// Half of what lies between the smallest and the largest, in percent of the median.
export function spread(values) {
    const middle = median(values);
    return middle ? Math.round(((Math.max(...values) - Math.min(...values)) / 2 / middle) * 100) : 0;
}

export const number = (value, digits = 0) =>
    value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });

function withSpread(values, digits) {
    return `${number(median(values), digits)} ±${String(spread(values)).padStart(2)} %`;
}

// The samples of one subject at one number of connections, round by round.
export class Samples {
    #cells = new Map();

    add(name, connections, sample) {
        const key = `${name} ${connections}`;
        this.#cells.set(key, [...(this.#cells.get(key) ?? []), sample]);
    }

    of(name, connections) {
        return this.#cells.get(`${name} ${connections}`);
    }

    values(name, connections, what) {
        return this.of(name, connections).map((sample) => sample[what]);
    }

    // Both sides are taken from the same round, so that what slows the machine down slows both.
    ratio(what, name, baseline, connections) {
        const one = this.of(name, connections), other = this.of(baseline, connections);
        return one && other ? median(one.map((sample, i) => sample[what] / other[i][what])) : null;
    }
}

const columns = [
    ['', 27], ['conn.', 6], ['requests/s', 17], ['CPU µs each', 15], ['x reply', 8], ['p50 µs', 8], ['p99 µs', 9],
    ['syncs/s', 9], ['each sync', 10],
];

function line(cells) {
    return cells.map((cell, i) => (i ? cell.padStart(columns[i][1]) : cell.padEnd(columns[i][1]))).join('');
}

export function table(samples, subjects, connectionCounts) {
    const lines = [line(columns.map(([title]) => title))];
    for (const { name, title } of subjects) {
        for (const connections of connectionCounts) {
            const value = (what) => samples.values(name, connections, what);
            const synced = median(value('syncs')) > 0;
            lines.push(
                line([
                    connections === connectionCounts[0] ? title : '',
                    String(connections),
                    withSpread(value('rate'), 0),
                    withSpread(value('cpu'), 1),
                    `${number(samples.ratio('cpu', name, 'reply', connections), 2)}x`,
                    number(median(value('p50'))),
                    number(median(value('p99'))),
                    synced ? number(median(value('syncs'))) : '-',
                    synced ? number(median(value('batch')), 1) : '-',
                ]),
            );
        }
    }
    return lines.join('\n');
}

// A budget: {name, what, value, unit, most or least}.
function judged({ name, what, value, unit, digits = 2, most, least }) {
    const limit = most === undefined ? `≥ ${least}${unit}` : `≤ ${most}${unit}`;
    const met = most === undefined ? value >= least : value <= most;
    const figures = `${number(value, digits)}${unit}`.padStart(10);
    return `${name.padEnd(4)}${what.padEnd(60)}${figures}${limit.padStart(10)}  ${met ? 'met' : 'NOT MET'}`;
}

// What was measured of the budgets. starts: Map of the number of codes → {milliseconds, megabytes}, both arrays.
export function budgets(samples, sizes, starts, connections) {
    const ratio = (what, name, baseline) => ({
        value: samples.ratio(what, name, baseline, connections),
        unit: 'x',
    });
    const start = (size, what, unit) => ({
        value: starts.has(size) ? median(starts.get(size)[what]) : null,
        unit,
        digits: 1,
    });
    const megabytes = (size) => start(size, 'megabytes', ' MB');
    const milliseconds = (size) => start(size, 'milliseconds', ' ms');
    const [few, ...more] = sizes, list = (size) => `list-${size}`;
    const rows = [
        { name: 'B1', what: 'GET coupon: CPU, of the bare reply', ...ratio('cpu', 'get', 'reply'), most: 2 },
        { name: 'B1', what: 'GET promotion code: CPU, of the bare reply', ...ratio('cpu', 'code', 'reply'), most: 2 },
        { name: 'B2', what: 'list by code: CPU, of the bare reply', ...ratio('cpu', list(few), 'reply'), most: 3 },
        { name: 'B3', what: 'POST promotion code: rate, of the bare loop', ...ratio('rate', 'post', 'loop'), least: 0.4 },
        { name: 'B9', what: 'idle memory', ...megabytes(few), most: 30 },
        { name: 'B9', what: 'start to first answer', ...milliseconds(few), most: 50 },
    ];
    for (const size of more) {
        const codes = `with ${number(size)} codes`, growth = ratio('cpu', list(size), list(few));
        rows.push(
            { name: 'B2', what: `list by code ${codes}: CPU, of that with ${number(few)}`, ...growth, most: 1.2 },
            { name: 'B9', what: `idle memory ${codes}`, ...megabytes(size), most: 150 },
            { name: 'B9', what: `start to first answer ${codes}`, ...milliseconds(size), most: 50 },
        );
    }
    return judge(rows);
}

export const judge = (rows) => rows.filter(({ value }) => value !== null).map(judged).join('\n');
