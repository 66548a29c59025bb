import { until } from './rejections.js';
import { withDatabase, type Target } from './targets.js';

/** Waits until the server has no session of that application any more; fails if that does not come. */
export async function expectNoSessions(target: Target, applicationName: string): Promise<void> {
  await withDatabase(target, (db) =>
    until(`no session of "${applicationName}" is left`, async () => {
      const sql = 'SELECT 1 FROM pg_stat_activity WHERE application_name = $1';
      return (await db.query(sql, [applicationName])).rows.length === 0;
    }),
  );
}
