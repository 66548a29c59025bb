module.exports = require('kingbase-native/pg');
