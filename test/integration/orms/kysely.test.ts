import { PostgresDialect } from 'kysely';
import { Cursor, Pool } from 'kingbase-native/pg';
import { KyselyShop } from './kysely-shop.js';
import { localDay, MOST } from './shop-model.js';
import { testShop } from './shop.js';

testShop("Kysely's PostgresDialect", ({ application, clientLibrary, ...place }) => {
  const pool = new Pool({
    ...place,
    application_name: application,
    kingbase: { clientLibrary },
    max: MOST,
  });
  return new KyselyShop(new PostgresDialect({ pool, cursor: Cursor }), place.schema, (day) =>
    localDay(day as Date),
  );
});
