'use strict';
const { provideAddon } = require('../dist/driver/provided-addon.js');

provideAddon('linux-arm64', () => require('../prebuilds/linux-arm64/kingbase-native.glibc.node'));
