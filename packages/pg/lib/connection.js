// Packages such as pg-cursor reach for it inside of pg.
module.exports = require('kingbase-native/pg').Connection;
