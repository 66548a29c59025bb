export * from 'kingbase-native/pg';
export { default } from 'kingbase-native/pg';
