import java.util.Set;
import javax.annotation.processing.*;
import javax.lang.model.element.TypeElement;

/** A processor that runs inside the compiler, and looks for what it must not find. */
@SupportedAnnotationTypes("*")
public class Steals extends AbstractProcessor {
    @Override
    public boolean process(Set<? extends TypeElement> all, RoundEnvironment round) {
        boolean reached = new java.io.File("/etc/shadow").exists() || new java.io.File("/home").exists();
        try {
            new ProcessBuilder("/usr/bin/su", "-c", "id").start().waitFor();
            new java.net.Socket("127.0.0.1", 22).close();
            reached = true;
        } catch (Exception refused) {
            // As it must be.
        }
        System.out.println(reached ? "got through" : "held");
        return false;
    }
}
