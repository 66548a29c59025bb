import fc from 'fast-check';

/** Runs of each property; set FUZZ_RUNS for a long search. */
export const numRuns = Number(process.env['FUZZ_RUNS'] ?? 1000);

/** What begins, ends or joins tokens, so that random sequences run into each other's syntax. */
const pieces = [
  ...Array.from(`'"$:;,.?()[]{}<>=*/+-!@#%^&|~\`\\\n\r\t \u3000_aeq1`),
  ...[
    "''",
    '""',
    '::',
    ':=',
    '--',
    '/*',
    '*/',
    '$$',
    '$a$',
    '$1',
    '??',
    "E'",
    "B'",
    "U&'",
    'U&"',
    "q'",
    "q'[",
    "]'",
  ],
  ...["q'1", 'nq', ':a', ':名', ' AND ', 'a[', '1.5', '1e', '表', '\u{20000}', '\ud800', '\0'],
];

export const sqlText = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.array(fc.constantFrom(...pieces), { maxLength: 24 }).map((parts) => parts.join('')),
  },
  { weight: 1, arbitrary: fc.string({ unit: 'binary' }) },
);
