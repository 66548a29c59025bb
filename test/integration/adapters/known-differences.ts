/** What the pg module does otherwise than `pg`, by program and by what is seen, each with its reason. */
export const DIFFERENCES: Record<string, Record<string, { ours: unknown; why: string }>> = {
  'stops waiting for an answer': {
    after: {
      ours: [{ v: 1 }],
      why: 'The statement is cancelled on the server, so that the client is free; that of pg waits for it to end.',
    },
  },
};
