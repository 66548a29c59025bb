import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { Database } from 'kingbase-native';
import { seededRandom } from '../resilience/support/random.js';
import { check, type Event } from './history.js';
import { entriesOf, Workload } from './workload.js';
import { World, type Fault } from './world.js';

const SEED = Math.floor(Math.random() * 2 ** 31);
const MAX_LAG = 400;

/** The long form is `npm run test:cluster`. */
describe.each(inject('libraries'))(`what clients of a cluster see with $name (seed ${SEED})`, ({ path }) => {
  const random = seededRandom(SEED);
  let world: World;
  let programs: Database[];
  beforeAll(async () => {
    world = await World.start(random);
    programs = [1, 2].map(() => world.open(path, { maxLag: MAX_LAG, maxWait: 50, recheckInterval: 200 }));
  });
  afterAll(async () => {
    await Promise.all(programs.map((db) => db.close({ timeout: 1_000 })));
    await world.stop();
  });

  const run = async (levels: Event['level'][], during: () => Promise<unknown>): Promise<Workload> => {
    const load = new Workload(programs, 6, levels, random);
    await during();
    await load.stop();
    return load;
  };

  it('is what was promised, whatever happens to the servers', async () => {
    const faults: Fault[] = ['pause', 'crash', 'reset', 'partition', 'failover'];
    const load = await run(['causal', 'bounded'], async () => {
      for (const fault of faults) await world.happen(fault);
    });
    const [db] = programs;
    if (db === undefined) throw new Error('there is no program');
    expect(load.events.length).toBeGreaterThan(500);
    expect(check(load.events, await entriesOf(db), MAX_LAG)).toEqual({
      ownWrites: [],
      goneBack: [],
      tooOld: [],
      lost: [],
      forked: [],
    });
  });

  it('is found out where nothing was promised', async () => {
    await world.pauseAll();
    const load = await run(['eventual'], async () => {
      for (const each of programs) for (let i = 0; i < 20; i++) await each.readOnly.query('SELECT 1');
    });
    await world.resumeAll();
    const [db] = programs;
    if (db === undefined) throw new Error('there is no program');
    const { ownWrites, lost, forked } = check(load.events, await entriesOf(db), MAX_LAG);
    expect(ownWrites.length).toBeGreaterThan(0);
    expect([...lost, ...forked]).toEqual([]);
  });
});
