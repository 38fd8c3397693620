-- A password that somebody else gave is good for choosing one's own, and for nothing else.
ALTER TABLE lantern.account_secret ADD COLUMN given boolean NOT NULL DEFAULT false;
ALTER TABLE lantern.session ADD COLUMN given_password boolean NOT NULL DEFAULT false;
CREATE TRIGGER given BEFORE INSERT OR UPDATE ON lantern.account_secret FOR EACH ROW
    WHEN (lantern.asking_account() IS NOT NULL AND NEW.given = (NEW.id = lantern.asking_account()))
    EXECUTE FUNCTION lantern.refuse('is given by others, and chosen by oneself');
CREATE TRIGGER chosen BEFORE UPDATE ON lantern.account_secret FOR EACH ROW
    WHEN (OLD.given AND NOT NEW.given AND NEW.password_hash = OLD.password_hash)
    EXECUTE FUNCTION lantern.refuse('stays given until another is chosen');
