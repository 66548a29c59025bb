// Has a callback or a listener throw by pg's module or by the one that stands in for it, and tells what becomes of it.
import { createRequire } from 'node:module';

const { module, config, nowhere, way } = JSON.parse(process.argv[2]);
const { Client, Pool, Query } = createRequire(import.meta.url)(module);
const told = [];
let ends;
const caught = new Promise((resolve) => {
  ends = resolve;
});
process.on('uncaughtException', (error) => {
  told.push(`uncaught: ${error.message}`);
  ends();
});
process.on('unhandledRejection', (error) => {
  told.push(`unhandled: ${error.message}`);
  ends();
});
const boom = () => {
  throw new Error('boom');
};

const client = () => new Client(config);
const pool = (more) => new Pool({ ...config, ...more });
async function connected() {
  const session = client();
  await session.connect();
  return session;
}

const ways = {
  connect: () => client().connect(boom),
  failedConnect: () => new Client({ ...config, ...nowhere }).connect(boom),
  connectEvent: () => client().on('connect', boom).connect(),
  end: async () => (await connected()).end(boom),
  endEvent: async () => (await connected()).on('end', boom).end(),
  query: async () => (await connected()).query('select 1', boom),
  queryEnd: async () => (await connected()).query(new Query('select 1')).on('end', boom),
  row: async () => (await connected()).query(new Query('select 1')).on('row', boom),
  queryError: async () => (await connected()).query(new Query('select nothing')).on('error', boom),
  drain: async () => (await connected()).on('drain', boom).query('select 1'),
  notice: async () => (await connected()).on('notice', boom).query("do 'begin raise notice $$n$$; end'"),
  notification: async () => (await connected()).on('notification', boom).query('listen a; notify a'),
  poolConnect: () => pool().connect(boom),
  failedPoolConnect: () => pool(nowhere).connect(boom),
  poolConnectEvent: () => pool().on('connect', boom).connect(),
  acquire: () => pool().on('acquire', boom).connect(),
  poolQuery: () => pool().query('select 1', boom),
  failedPoolQuery: () => pool().query('select nothing', boom),
  poolEnd: () => {
    const some = pool();
    some.query('select 1', () => some.end(boom));
  },
};
// What it waits for may never come.
void ways[way]();
await caught;
console.log(JSON.stringify({ told: told.slice(0, 1) }));
process.exit(0);
