// A program that listens; told to end by a notification. Prints what it got and how it ended.
import { open } from 'kingbase-native';

const { config, channel, end } = JSON.parse(process.argv[2]);
const db = open(config);
const payloads = [];
const subscription = await db.listen(channel, async ({ payload }) => {
  payloads.push(payload);
  if (payload !== 'end') return;
  // Nothing else holds the process from here on; `leave` leaves even the listening to itself.
  if (end === 'subscription') await subscription.close();
  else if (end === 'database') await db.close();
  else process.exit(0);
});
process.on('exit', () => console.log(JSON.stringify(payloads)));
// Only listening keeps the process alive now; somebody else notifies later.
process.stderr.write('listening\n');
