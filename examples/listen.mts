/**
 * Notifications of the server, and what to do when some may have been missed.
 *
 *     npx tsx examples/listen.mts kingbase://system@127.0.0.1:54321/test
 */
import { EventEmitter, once } from 'node:events';
import { open } from 'kingbase-native';

const db = open(process.argv[2] ?? process.env['KINGBASE_URL'] ?? {}, { applicationName: 'listen example' });
const orders = new EventEmitter();

const subscription = await db.listen('example_orders', ({ channel, payload }) => {
  console.log(`${channel}: ${payload}`);
  orders.emit('notified');
});
// The connection was lost and has been made again. What was notified meanwhile is not delivered later, so a program
// that needs every change looks at the tables here.
subscription.on('gap', () => {
  console.log('a gap: reading the table again');
  orders.emit('gap');
});

try {
  let notified = once(orders, 'notified');
  await db.exec(`SELECT pg_notify('example_orders', $1)`, ['订单 1']);
  await notified;

  // As if the server had been restarted: the session that listens is ended.
  const gap = once(orders, 'gap');
  await db.exec(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE application_name = 'listen example' AND query LIKE 'LISTEN%'`);
  await gap;

  notified = once(orders, 'notified');
  await db.exec(`SELECT pg_notify('example_orders', $1)`, ['订单 2']);
  await notified;
} finally {
  // A program that listens does not end by itself.
  await subscription.close();
  await db.close();
}
