'use strict';
const kingbase = require('kingbase-native');
const exercise = require('./exercise.cjs');

void exercise(kingbase, require.resolve('./worker.mjs'));
