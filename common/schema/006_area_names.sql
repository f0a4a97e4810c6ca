-- What people call an area beside its names.
ALTER TABLE city.area ADD COLUMN also text;
