import { setTimeout as sleep } from 'node:timers/promises';
import { between, pick } from '../support/random.js';
import type { World } from './world.js';

/** Does damage, and resolves when it is over; what is to be tidied up afterwards is given back. */
export interface Fault {
  readonly name: string;
  run(world: World): Promise<(() => Promise<void>) | undefined>;
}

/** A fault that needs no tidying up. */
function fault(name: string, run: (world: World) => Promise<unknown>): Fault {
  return {
    name,
    run: async (world) => {
      await run(world);
      return undefined;
    },
  };
}

/** ms that a fault lasts which the network brings. */
const lasting = (world: World): Promise<void> => sleep(between(world.random, 700, 2_000));

/** False where there is no such process any more. */
function kill(processId: number): boolean {
  try {
    return process.kill(processId, 'SIGKILL');
  } catch {
    return false;
  }
}

export const FAULTS: readonly Fault[] = [
  fault('backends terminated', (world) =>
    world.asAdministrator((client) =>
      client.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'chaos' AND random() < 0.6`,
      ),
    ),
  ),
  fault('backend killed: the server restarts itself', async (world) => {
    // After the fault before this there may be none yet, and one can end by itself meanwhile.
    let killed = false;
    while (!killed) {
      const backends = await world.backends();
      killed = backends.length > 0 && kill(pick(world.random, backends));
    }
    await sleep(200);
  }),
  fault('server restarted, fast', (world) => world.pair.primary.restart('fast')),
  fault('server restarted, immediate', (world) => world.pair.primary.restart('immediate')),
  fault('server down for a while', async (world) => {
    await world.pair.primary.down('fast');
    await lasting(world);
    await world.pair.primary.up();
  }),
  fault('all connections cut with RST', (world) => Promise.resolve(world.proxy.cut('rst'))),
  fault('all connections cut with FIN', (world) => Promise.resolve(world.proxy.cut('fin'))),
  fault('some connections cut with RST', (world) =>
    Promise.resolve(world.proxy.cut('rst', between(world.random, 1, 5))),
  ),
  fault('some connections cut with FIN', (world) =>
    Promise.resolve(world.proxy.cut('fin', between(world.random, 1, 5))),
  ),
  fault('connections refused', async (world) => {
    await world.proxy.refuse(true);
    world.proxy.cut('rst');
    await lasting(world);
    await world.proxy.refuse(false);
  }),
  fault('black hole, then it clears', async (world) => {
    world.proxy.blackHole(true);
    await lasting(world);
    world.proxy.blackHole(false);
  }),
  fault('black hole for some, then RST', async (world) => {
    world.proxy.blackHole(true, between(world.random, 1, 6));
    await lasting(world);
    world.proxy.cut('rst');
  }),
  fault('black hole, then RST', async (world) => {
    world.proxy.blackHole(true);
    await lasting(world);
    world.proxy.cut('rst');
    world.proxy.blackHole(false);
  }),
  fault('bytes delayed', async (world) => {
    world.proxy.delay(between(world.random, 5, 60));
    await lasting(world);
    world.proxy.delay(0);
  }),
  fault('packets split', async (world) => {
    world.proxy.split(world.random() < 0.7 ? 'every' : between(world.random, 5, 40));
    await lasting(world);
    world.proxy.split(0);
  }),
  fault('max_connections exhausted', async (world) => {
    const giveBack = await world.takeAllConnections();
    world.proxy.cut('rst');
    // Whoever comes first has what the cut connections leave; take those too, where the load was slower.
    const giveBackMore = await world.takeAllConnections();
    await lasting(world);
    await Promise.all([giveBack(), giveBackMore()]);
  }),
  {
    name: 'primary crashes, its standby takes over',
    run: async (world) => {
      await world.pair.primary.down('immediate');
      return world.failOver();
    },
  },
  {
    name: 'primary shut down, its standby takes over',
    run: async (world) => {
      await world.pair.primary.down('fast');
      return world.failOver();
    },
  },
  {
    name: 'primary demoted in place',
    run: async (world) => {
      world.pair.readOnly(true);
      // What writes at this moment may end; it could not be confirmed any more once nobody follows.
      await sleep(300);
      return world.failOver();
    },
  },
];
