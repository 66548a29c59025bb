/**
 * A program for `kb`, the vendor's folder in node_modules, which has the interface of pg: the line with require is changed,
 * and the rest runs as it did, callbacks included. Now the vendor's client library makes the connection.
 *
 *     node examples/from-kb.cjs kingbase://system@127.0.0.1:54321/test
 */
'use strict';
// const { Client } = require('kb');
const { Client } = require('kingbase-native/pg');

const { hostname, port, username, pathname } = new URL(process.argv[2]);

// As the vendor's examples have it; the password comes from the environment here.
const client = new Client({
  user: username,
  host: hostname,
  database: pathname.slice(1),
  password: process.env.KINGBASE_PASSWORD,
  port: Number(port),
  ssl: false,
});

client.connect((error) => {
  if (error) throw error;
  client.query('CREATE TEMPORARY TABLE member (id int4, name varchar(20))', () => {
    client.query('INSERT INTO member VALUES ($1, $2)', [1, '张三'], (_failed, { rowCount }) => {
      console.log(rowCount);
      const named = { name: 'fetch-member', text: 'SELECT * FROM member WHERE id = $1', values: [1] };
      client.query(named, (_refused, { rows }) => {
        console.log(rows);
        client.end();
      });
    });
  });
});
