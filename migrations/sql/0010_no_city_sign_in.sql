ALTER TABLE lantern.session DROP COLUMN by_city;
DROP TABLE lantern.city_identity, lantern.city_sign_in;
