const TERMINATED = { message: 'Connection terminated unexpectedly', own: false };
/** Of a pool, and of a client with its events. */
const CUT = [TERMINATED, TERMINATED, ['end']];
const LIKE_AN_END = 'The library says the same of a connection that is cut and of one that is ended.';

/** What the pg module does otherwise than `pg`, by program and by what is seen, each with its reason. */
export const DIFFERENCES: Record<string, Record<string, { ours: unknown; why: string }>> = {
  'ends a transaction that was left open': {
    status: {
      ours: 'I',
      why: 'A connection that is given back inside a transaction is rolled back; with pg the next user is in it.',
    },
  },
  'refuses COPY without a stream': {
    message: {
      ours: 'The command was refused: COPY FROM STDIN cannot be run as a query: use copyFrom().',
      why: 'The driver refuses it before anything is sent to be stored.',
    },
  },
  'sends control characters and what JSON escapes': {
    nul: { ours: 'KB_BAD_PARAMETER', why: 'The driver refuses it before anything is sent.' },
  },
  'counts rows that were fetched so many at a time': {
    counts: {
      ours: [5, 5, 5, 5],
      why: 'The library gets all rows at once; pg counts those of the last time.',
    },
  },
  'tells errors of copies': {
    remark: {
      ours: {
        code: 'KB_NOT_COPY',
        message: 'The statement is not COPY … TO STDOUT, which is all that copyTo() runs.',
      },
      why: 'The driver refuses it before it is run, whatever else it may be.',
    },
  },
  'asks the parsers of a client when the answer is there': {
    word: {
      ours: [{ word: 'x' }],
      why: "A query is read by its client's parsers as they are when it is sent: clients that have none share what reads rows.",
    },
    ratio: {
      ours: [{ ratio: 1.5 }],
      why: 'Floats and times with their usual parsers are read before their texts reach JavaScript.',
    },
  },
  'stops waiting for an answer': {
    after: {
      ours: [{ v: 1 }],
      why: 'The statement is cancelled on the server, so that the client is free; that of pg waits for it to end.',
    },
  },
  'says why no connection came of it': {
    'cut at startup': { ours: CUT, why: LIKE_AN_END },
    'cut after the password': { ours: CUT, why: LIKE_AN_END },
  },
};
