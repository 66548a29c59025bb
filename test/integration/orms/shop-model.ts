import { quoteIdentifier } from 'kingbase-native';

export interface Customer {
  name: string;
  email: string;
  labels: string[];
  address: { city: string; lines: string[] };
  /** numeric(20,4), of which no digit may be lost. */
  credit: string;
  since: Date;
}

export interface Product {
  sku: string;
  name: string;
  price: string;
  /** Never below 0, by a check. */
  quantity: number;
}

export interface Line {
  sku: string;
  quantity: number;
}

export interface Order {
  id: number;
  status: string;
  /** By their numbers. */
  lines: { product: string; quantity: number }[];
}

/** A line of the audit trail. */
export interface Change {
  was: number | null;
  became: number;
}

/** A trigger that writes down what becomes of each product's quantity, in the table `product_trail`. */
export const AUDIT = (schema: string): string => `
  CREATE FUNCTION ${quoteIdentifier(schema)}.note_quantity() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    EXECUTE format('INSERT INTO %I.product_trail (sku, was, became) VALUES ($1, $2, $3)', TG_TABLE_SCHEMA)
      USING NEW.sku, CASE WHEN TG_OP = 'UPDATE' THEN OLD.quantity END, NEW.quantity;
    RETURN NULL;
  END $$;
  CREATE TRIGGER note_quantity AFTER INSERT OR UPDATE OF quantity ON ${quoteIdentifier(schema, 'products')}
    FOR EACH ROW EXECUTE PROCEDURE ${quoteIdentifier(schema)}.note_quantity()`;

/** What every library has to do with the same tables, in the way that its documentation shows. */
export interface Shop {
  createSchema(): Promise<void>;
  /** Gives the number that the server has given. */
  addCustomer(customer: Customer): Promise<number>;
  customer(id: number): Promise<Customer>;
  /** All by one statement. */
  addProducts(products: readonly Product[]): Promise<void>;
  /** A product that is there already gets that many more. */
  deliver(product: Product): Promise<void>;
  product(sku: string): Promise<Product>;
  /** In one transaction: the order, its lines, and less in stock. */
  placeOrder(customer: number, lines: readonly Line[]): Promise<number>;
  /** With their lines and the names of the products, loaded together. */
  ordersOf(customer: number): Promise<Order[]>;
  /** How many pieces each customer has ordered, by joins. */
  sales(): Promise<{ name: string; pieces: number }[]>;
  page(offset: number, limit: number): Promise<{ total: number; skus: string[] }>;
  /** Adds it, and again in a savepoint, which fails; commits, and gives the error. */
  addTwice(customer: Customer): Promise<unknown>;
  /** Takes one piece of a product whose row it locks, and says how many are left. */
  take(sku: string): Promise<number>;
  /** What the trigger has noted of a product's quantity, in its order. */
  trailOf(sku: string): Promise<Change[]>;
  /**
   * Reads an order, calls `meanwhile`, and sets its status unless somebody else has changed it since; gives whether it did.
   * By the library's own optimistic locking where it has one.
   */
  setStatus(order: number, status: string, meanwhile: () => Promise<void>): Promise<boolean>;
  /** By what the library itself says of the error. */
  isUniqueViolation(error: unknown): boolean;
  /** Only where the library streams. */
  streamSkus?(): AsyncIterable<string>;
  close(): Promise<void>;
}

/** Where a shop is, and how to get there. */
export interface Place {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
  readonly schema: string;
  /** By this name its sessions are known. */
  readonly application: string;
  readonly clientLibrary: string;
  /** `pg`'s option for settings of the session. */
  readonly options: string;
}

/** The most sessions that a shop may have: fewer than there are tasks. */
export const MOST = 8;
