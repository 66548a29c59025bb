/**
 * `npm run test:secrets`: malformed connection strings of every form with a password planted in them, and whether any
 * error, explanation, report of `doctor` or inspected object shows a piece of it. The unit tests do it with a few
 * thousand; `--count 100000` is the default here. `--seed 1` gives the same strings again.
 */
import { parseArgs } from 'node:util';
import { plantSecrets } from '../test/support/planted-secrets.js';

const { values } = parseArgs({ options: { count: { type: 'string' }, seed: { type: 'string' } } });
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
const count = Number(values.count ?? 100_000);

void plantSecrets(seed, count).then(({ refused, taken, leaks }) => {
  console.log(
    `seed ${seed}: ${count} strings, ${refused} refused, ${taken} taken, ${leaks.length} show a piece`,
  );
  for (const { index, text, where, shown } of leaks.slice(0, 20)) {
    console.log(`\n${index}, ${where}: ${JSON.stringify(text)}\n${shown}`);
  }
  if (leaks.length > 0) process.exitCode = 1;
});
