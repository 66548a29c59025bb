'use strict';
const { provideAddon } = require('../dist/driver/provided-addon.js');

provideAddon('linux-x64', () => require('../prebuilds/linux-x64/kingbase-native.glibc.node'));
