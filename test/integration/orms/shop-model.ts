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

/** With what is loaded together with it, by names in the order of their numbers or names. */
export interface Category {
  name: string;
  parent: string | null;
  children: string[];
  products: string[];
}

export interface Warehouse {
  code: string;
  name: string;
  /** A date without a time, as 2026-02-17. */
  opened: string;
}

export interface Payment {
  /** A UUID. */
  id: string;
  method: string;
  amount: string;
  paidAt: Date;
  /** Any JSON, or SQL's NULL. */
  receipt: { number: string; rates: number[] } | null;
}

export interface Review {
  stars: number;
  marks: number[];
  words: string | null;
  photo: Uint8Array | null;
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
  /** Under another one, or at the top. Gives the number that the server has given. */
  addCategory(name: string, parent?: number): Promise<number>;
  /** From now on the product is in these and in no others. */
  file(sku: string, categories: readonly number[]): Promise<void>;
  category(id: number): Promise<Category>;
  openWarehouse(warehouse: Warehouse): Promise<void>;
  warehouse(code: string): Promise<Warehouse>;
  /** Adds to what is there, or begins; the key has two columns. */
  store(warehouse: string, sku: string, pieces: number): Promise<void>;
  /** In one transaction. */
  move(sku: string, from: string, to: string, pieces: number): Promise<void>;
  /** By the warehouses' codes. */
  stockOf(sku: string): Promise<{ warehouse: string; pieces: number }[]>;
  pay(order: number, payment: Payment): Promise<void>;
  /** By their times. */
  paymentsOf(order: number): Promise<Payment[]>;
  /** Added up by the server, of which no digit may be lost. */
  paidFor(order: number): Promise<string>;
  review(sku: string, customer: number, review: Review): Promise<void>;
  /** With the names of those who wrote them, loaded together. */
  reviewsOf(sku: string): Promise<(Review & { by: string })[]>;
  /** Products that have at least so many reviews. */
  reviewedAtLeast(reviews: number): Promise<{ sku: string; reviews: number }[]>;
  /** The page that begins after this product, without counting those before it. */
  after(sku: string, limit: number): Promise<string[]>;
  /** Names by an element of an array, and by a member of JSON, in their order. */
  labelled(label: string): Promise<string[]>;
  livingIn(city: string): Promise<string[]>;
  /** Deletes it with its reviews, by the server's cascade; not while an order has it. */
  discontinue(sku: string): Promise<void>;
  /** By what the library itself says of the error. */
  isUniqueViolation(error: unknown): boolean;
  isForeignKeyViolation(error: unknown): boolean;
  /** Only where the library streams. */
  streamSkus?(): AsyncIterable<string>;
  /** Closing fails what is under way instead of waiting for it. */
  readonly cutsOff?: true;
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

/** The day of a Date that is the beginning of one in this process' time zone. */
export function localDay(date: Date): string {
  const two = (part: number): string => String(part).padStart(2, '0');
  const year = String(date.getFullYear()).padStart(4, '0');
  return `${year}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}
