package import Boot
package import Linux
package import Text

/// Reads pod specs, and predicts what a boot makes of one of their containers.
package struct PodReading {
    private let objects: SpecObjects

    /// - Parameter files: the files with their names, as they are shown.
    /// - Throws: everything because of which they cannot be read as objects of Kubernetes.
    package init(_ files: [(name: String, bytes: [UInt8])]) throws(SpecFileError) {
        var documents: [SpecDocument] = []
        var lines: [String] = []
        for (name, bytes) in files {
            do throws(SpecFileError) {
                documents += try SpecDocument.documents(of: bytes, file: name)
            } catch {
                lines += error.lines
            }
        }
        guard lines.isEmpty else { throw SpecFileError(lines) }
        objects = try SpecObjects(documents)
    }

    /// What is asked about.
    package struct Question {
        /// The workload; `nil` for the only one.
        package var workload: String?
        /// The container; `nil` for the only one, or the first that starts `entrypoint`.
        package var container: String?
        /// The environment that others set: the image's own, for example.
        package var base: [CString]
        /// The image's files; `nil` where nobody has given them.
        package var image: PodImage?
        /// The start that is expected where the image decides.
        package var start: Start?

        package init(
            workload: String? = nil, container: String? = nil, base: [CString] = [], image: PodImage? = nil,
            start: Start? = nil
        ) {
            self.workload = workload
            self.container = container
            self.base = base
            self.image = image
            self.start = start
        }
    }

    /// The prediction for a container.
    ///
    /// - Throws: why there is no such container, with the names that there are.
    package func forecast(_ question: Question) throws(FormatError) -> PodForecast {
        let (workload, template) = try objects.choose(question.workload)
        var reader = SpecReader()
        let all = PodContainer.all(of: template.spec, &reader)
        let (container, why) = try PodContainer.choose(question.container, among: all)
        let facts = PodFacts(template.spec, container, all, &reader)
        let environment = PodEnvironment(container.value, template, workload, objects, &reader)
        func id(_ variable: Variable<UInt32>) -> UInt32? {
            environment[variable.name]?.value.flatMap { try? variable.parse($0) }
        }
        let start = try PredictedStart(
            facts, image: question.image, asked: question.start,
            wanted: (id(PodVariables.userID), id(PodVariables.groupID)))
        let settings = PodSettings(
            environment, base: question.base, image: question.image,
            runAs: (facts.runAsUser?.value, facts.runAsGroup?.value),
            isElevated: start.start == .elevated)
        let pod = PodCase(
            objects: objects, facts: facts, environment: environment, start: start, settings: settings,
            image: question.image)
        return PodForecast(pod, PodChoice(workload: workload, template: template, why: why), reader.findings)
    }
}

/// Which workload and container a prediction is about.
struct PodChoice {
    let workload: PodWorkload
    let template: PodWorkload.Template
    /// Why the container was chosen.
    let why: String

    /// The parts of the workload that are left out.
    var others: [String] { workload.templates.map { $0.part }.filter { $0 != template.part } }
}
